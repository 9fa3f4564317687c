"""What a ring of the bell, or beat's tick, sets going: thin, and harmless to repeat."""

from celery import shared_task
from django.utils.timezone import now

from exercises.actions import clockwork, erasing, pumping
from practice.actions.account_mail import send_account_mails


@shared_task(name="homeward.pump")
def pump() -> None:
    """Send what is due."""
    send_account_mails()
    pumping.pump(now=now)


@shared_task(name="homeward.clockwork")
def tick() -> None:
    """Open, settle and let go what time has come for."""
    clockwork.tick(now())


@shared_task(name="homeward.plan")
def plan() -> None:
    """Plan what repeats; carry out erasures whose waiting time is over."""
    clockwork.plan(now())
    erasing.erase_due(now())
