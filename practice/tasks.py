"""Tasks of the practice: thin, and harmless to repeat."""

from celery import shared_task

from practice.actions.account_mail import send_account_mails


@shared_task(name="homeward.account_mail")
def account_mail() -> None:
    """Send sign-in codes and invitations."""
    send_account_mails()
