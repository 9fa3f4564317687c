"""What a ring of the bell, or beat's tick, sets going: thin, and harmless to repeat."""

from celery import shared_task
from django.utils.timezone import now

from exercises.actions import clockwork, pumping
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
    """Do what wants doing every few minutes: plan, erase, sweep."""
    clockwork.plan(now())
