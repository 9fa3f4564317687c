"""Addresses of the work: the client's pages, then the therapist's."""

from django.urls import URLPattern, URLResolver, include, path

from exercises.api import reviewing as review_api
from exercises.api import work as work_api
from exercises.views import (
    assigned,
    assigning,
    caring,
    days,
    drafts,
    ending,
    entries,
    library,
    queue,
    reading,
    records,
    reminders,
    reviewing,
    screening,
    steps,
    submitting,
    today,
    withdrawing,
)

CLIENT_URLS: list[URLPattern | URLResolver] = [
    path("today/", today.today, name="today"),
    path("today/let-go/", today.let_all_go, name="let_all_go"),
    path("log/", today.log, name="log"),
    path("breath/", today.breath, name="breath"),
    path("growth/", today.growth, name="growth"),
    path("homework/<uuid:pk>/", steps.homework, name="homework"),
    path("homework/<uuid:pk>/step/<int:number>/", steps.step, name="step"),
    path("homework/<uuid:pk>/draft", drafts.draft, name="draft"),
    path("homework/<uuid:pk>/check/", submitting.check, name="check"),
    path("homework/<uuid:pk>/submit/", submitting.submit, name="submit"),
    path("homework/<uuid:pk>/sent/", submitting.sent, name="sent"),
    path("homework/<uuid:pk>/after/", submitting.after_check, name="after_check"),
    path("homework/<uuid:pk>/take-back/", submitting.take_back, name="take_back"),
    path("homework/<uuid:pk>/set-aside/", submitting.set_aside, name="set_aside"),
    path("homework/<uuid:pk>/pick-up/", submitting.pick_up, name="pick_up"),
    path("homework/<uuid:pk>/ended/", submitting.ended, name="ended"),
    path("homework/<uuid:pk>/feedback/", reading.feedback, name="feedback"),
    path("homework/<uuid:pk>/copy/", reading.save_copy, name="save_copy"),
    path("homework/<uuid:pk>/entries/", entries.entries, name="entries"),
    path("homework/<uuid:pk>/entries/add/", entries.entry_add, name="entry_add"),
    path("homework/<uuid:pk>/entries/<uuid:entry>/", entries.entry, name="entry"),
    path("homework/<uuid:pk>/entries/<uuid:entry>/draft", entries.entry_draft, name="entry_draft"),
    path(
        "homework/<uuid:pk>/entries/<uuid:entry>/remove/",
        entries.entry_remove,
        name="entry_remove",
    ),
]

RECORD_URLS: list[URLPattern | URLResolver] = [
    path("you/record", records.export_own, name="export_own"),
    path("clients/<uuid:pk>/record", records.export_client, name="export_client"),
    path("you/readers", reading.who_read_me, name="who_read_me"),
    path("you/reminders", reminders.own_ledger, name="own_ledger"),
    path("clients/<uuid:pk>/reminders", reminders.reminder_ledger, name="reminder_ledger"),
    path("stop/<str:token>", reminders.stop_mails, name="stop_mails"),
]

THERAPIST_URLS: list[URLPattern | URLResolver] = [
    path("review/", queue.queue, name="queue"),
    path("review/<uuid:pk>/", reviewing.review, name="review"),
    path("review/<uuid:pk>/draft", reviewing.review_draft, name="review_draft"),
    path("reviews/<uuid:pk>/undo", reviewing.review_undo, name="review_undo"),
    path("flags/<uuid:pk>/handled", queue.flag_handled, name="flag_handled"),
    path("flags/<uuid:pk>/undo", queue.flag_undo, name="flag_undo"),
    path("clients/", caring.client_list, name="client_list"),
    path("clients/<uuid:pk>/", caring.client_page, name="client_page"),
    path("clients/<uuid:pk>/clearance", screening.client_clearance, name="client_clearance"),
    path("clients/<uuid:pk>/discharge", ending.client_discharge, name="client_discharge"),
    path("couples/<uuid:pk>/", caring.couple_page, name="couple_page"),
    path("assign/", assigning.assign, name="assign"),
    path("assignments/<uuid:pk>/", assigned.assignment_sent, name="assignment_sent"),
    path(
        "assignments/<uuid:pk>/withdraw",
        withdrawing.assignment_withdraw,
        name="assignment_withdraw",
    ),
    path("work/<uuid:pk>/", assigned.homework_page, name="homework_page"),
    path("work/<uuid:pk>/due", days.homework_due, name="homework_due"),
    path("exercises/", library.library, name="library"),
    path("exercises/<uuid:pk>/", library.exercise, name="exercise"),
    path("exercises/<uuid:pk>/preview/", library.preview, name="preview"),
]

API_URLS: list[URLPattern | URLResolver] = [
    path("exercises", work_api.exercises, name="api_exercises"),
    path("exercises/search", work_api.exercise_search, name="api_exercise_search"),
    path("exercises/<uuid:pk>", work_api.exercise, name="api_exercise"),
    path("assignments", work_api.assignments, name="api_assignments"),
    path("assignments/<uuid:pk>", work_api.assignment, name="api_assignment"),
    path("assignments/<uuid:pk>/withdraw", work_api.withdraw, name="api_withdraw"),
    path("homework", work_api.homework_list, name="api_homework_list"),
    path("homework/<uuid:pk>", work_api.homework, name="api_homework"),
    path("homework/<uuid:pk>/rounds", work_api.rounds, name="api_rounds"),
    path("homework/<uuid:pk>/answers/<str:item>", work_api.answer, name="api_answer"),
    path("homework/<uuid:pk>/entries", work_api.entries, name="api_entries"),
    path("homework/<uuid:pk>/entries/<uuid:entry>", work_api.entry, name="api_entry"),
    path(
        "homework/<uuid:pk>/entries/<uuid:entry>/answers/<str:item>",
        work_api.entry_answer,
        name="api_entry_answer",
    ),
    path("homework/<uuid:pk>/submit", work_api.submit, name="api_submit"),
    path("homework/<uuid:pk>/take-back", work_api.take_back, name="api_take_back"),
    path("homework/<uuid:pk>/set-aside", work_api.set_aside, name="api_set_aside"),
    path("homework/<uuid:pk>/pick-up", work_api.pick_up, name="api_pick_up"),
    path("homework/<uuid:pk>/reviews", review_api.reviews, name="api_reviews"),
    path("homework/<uuid:pk>/review", review_api.draft, name="api_review_draft"),
    path("homework/<uuid:pk>/review/send", review_api.send, name="api_review_send"),
    path("reviews/<uuid:pk>/undo", review_api.undo, name="api_review_undo"),
    path("queue", review_api.queue, name="api_queue"),
]

urlpatterns = [
    *CLIENT_URLS,
    *RECORD_URLS,
    *THERAPIST_URLS,
    path("api/v1/", include(API_URLS)),
]
