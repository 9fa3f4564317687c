"""May this person? Pure questions about the practice's own affairs.

Names and states are for admins; words are not. The access matrix is docs/visibility.md.
"""

from practice.actors import Actor


def may_administer(actor: Actor) -> bool:
    """People, roles, invitations, settings, audit."""
    return actor.is_admin and has_scope(actor, "admin")


def may_see_people(actor: Actor) -> bool:
    """Who works here."""
    return actor.is_member


def may_care(actor: Actor) -> bool:
    """Have a caseload of one's own: take clients into care, invite them, link couples."""
    return actor.is_therapist and has_scope(actor, "assign")


def may_read_caseloads(actor: Actor) -> bool:
    """Read somebody's caseload: one's own, or as a named supervisor."""
    return actor.is_therapist or actor.is_supervisor


def has_scope(actor: Actor, scope: str) -> bool:
    """Say whether a key may do this kind of thing; who is signed in may do all that is theirs."""
    return actor.scopes is None or scope in actor.scopes
