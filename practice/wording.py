"""What an act is called on screen; the codes are what is stored."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

ACTS = {
    "account.changed": _("Changed their own account"),
    "assignment.assigned": _("Assigned an exercise"),
    "assignment.withdrawn": _("Withdrew an exercise"),
    "audit.exported": _("Exported the trail"),
    "caseload.handed_over": _("Handed a client over"),
    "clearance.attested": _("Noted whether couple work is cleared"),
    "client.added": _("Added a client"),
    "client.changed": _("Changed a client’s details"),
    "client.discharged": _("Ended care"),
    "client.joined": _("Joined as a client"),
    "client.reactivated": _("Took care up again"),
    "consent.given": _("Gave consent"),
    "consent.withdrawn": _("Withdrew consent"),
    "couple.linked": _("Linked a couple"),
    "couple.unlinked": _("Unlinked a couple"),
    "flag.handled": _("Saw to a flag"),
    "flag.raised": _("An answer asked for a human"),
    "homework.begin": _("Began homework"),
    "homework.due_moved": _("Moved a date"),
    "homework.expire": _("Homework let itself go"),
    "homework.open": _("Homework opened"),
    "homework.pick_up": _("Took homework up again"),
    "homework.return": _("Returned homework for deepening"),
    "homework.review": _("Reviewed homework"),
    "homework.skip": _("Set homework aside"),
    "homework.submit": _("Sent homework"),
    "homework.take_back": _("Took homework back"),
    "homework.withdraw": _("Homework was withdrawn"),
    "invitation.accepted": _("Accepted an invitation"),
    "invitation.resent": _("Sent an invitation again"),
    "invitation.revoked": _("Took an invitation back"),
    "invitation.sent": _("Sent an invitation"),
    "member.deactivated": _("Deactivated a member"),
    "member.reactivated": _("Reactivated a member"),
    "member.roles_set": _("Set a member’s roles"),
    "practice.created": _("Made the practice"),
    "practice.policies_set": _("Changed the practice’s settings"),
    "preference.set": _("Changed reminder choices"),
    "read.exported": _("Took a record away"),
    "read.homework": _("Read homework"),
    "read.topics": _("Read what a client wants to talk about"),
    "record.erased": _("Erased a record"),
    "review.sent": _("Sent a review"),
    "review.undone": _("Took a review back"),
    "token.made": _("Made a key for a program"),
    "token.revoked": _("Revoked a key for a program"),
}


def act_text(action: str) -> str:
    """Return an act in words; the bare code when it has none yet."""
    return str(ACTS.get(action, gettext(action.replace(".", ": ").replace("_", " "))))
