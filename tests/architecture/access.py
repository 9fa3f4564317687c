"""Who gets what at each address: the one table of access, tried by `test_access`.

Everything asked for is Ana's, or made around her. `anyone` is signed in nowhere. Ana and Ben are a
couple and Noor is a client beside them, all three in Dana's care. Omar is a therapist of the same
practice without these clients; Sana supervises Dana; Ruth is an admin; Zoe is a therapist and an
admin of another practice; Uma is a therapist in both, and sits in this one. The last four are
keys: Ana's (read, answer), Dana's (read), Dana's (assign, review), Ruth's (admin).

A cell is the status; `in` leads to the sign-in page; `·` is not asked (a key is for the API only).
404 is for a stranger, 403 for the wrong role, 409 for what is not possible just now, 422 for a
form or a body that says nothing.
"""

COLUMNS = [
    "anyone",
    "ana",
    "ben",
    "noor",
    "dana",
    "omar",
    "sana",
    "ruth",
    "zoe",
    "uma",
    "ana-key",
    "dana-read",
    "dana-key",
    "ruth-key",
]
# The operators' pages (Django's admin site) know nobody of the practices.
OPERATORS = [
    "/operations/",
    "/operations/practice/user/",
    "/operations/practice/user/add/",
    "/operations/practice/practice/",
    "/operations/practice/membership/",
]
TABLE = """
# Everybody                                any  ana  ben noor dana omar sana ruth  zoe  uma aKey  dRd dKey rKey
home                               GET      in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
leave                              GET     302  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
leave                              POST    204  204  204  204  204  204  204  204  204  204    ·    ·    ·    ·
help_now                           GET     200  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
privacy                            GET     200  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
health                             GET     200  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
set_theme                          POST    302  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
set_language                       POST    302  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
still_here                         POST     in  204  204  204  204  204  204  204  204  204    ·    ·    ·    ·
switch_practice                    POST     in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
service_worker                     GET     200  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
manifest                           GET     200  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
offline                            GET     200  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
demo                               GET     404  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
demo                               POST    404  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
demo_sign_in                       GET     404  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
demo_sign_in                       POST    404  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
demo_mail                          GET     404  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
demo_mail                          POST    404  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
kit                                GET     404  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
kit                                POST    404  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
accept_invitation                  GET     404  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
accept_invitation                  POST    404  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
stop_mails                         GET     404  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
stop_mails                         POST    404  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·

# The client's own pages                   any  ana  ben noor dana omar sana ruth  zoe  uma aKey  dRd dKey rKey
you                                GET      in  200  200  200  302  302  302  302  302  302    ·    ·    ·    ·
you                                POST     in  422  422  422  302  302  302  302  302  302    ·    ·    ·    ·
topics                             GET      in  200  200  200  403  403  403  403  403  403    ·    ·    ·    ·
topics                             POST     in  422  422  422  403  403  403  403  403  403    ·    ·    ·    ·
topic_drop                         GET      in  200  404  404  404  404  404  404  404  404    ·    ·    ·    ·
topic_drop                         POST     in  302  404  404  404  404  404  404  404  404    ·    ·    ·    ·
who_read_me                        GET      in  200  200  200  403  403  403  403  403  403    ·    ·    ·    ·
consent                            GET      in  200  200  200  403  403  403  403  403  403    ·    ·    ·    ·
consent                            POST     in  302  302  302  403  403  403  403  403  403    ·    ·    ·    ·
consent_withdraw                   GET      in  200  200  200  403  403  403  403  403  403    ·    ·    ·    ·
consent_withdraw                   POST     in  302  302  302  403  403  403  403  403  403    ·    ·    ·    ·
erase_own                          GET      in  200  200  200  403  403  403  403  403  403    ·    ·    ·    ·
erase_own                          POST     in  302  302  302  403  403  403  403  403  403    ·    ·    ·    ·
today                              GET      in  200  200  200  403  403  403  403  403  403    ·    ·    ·    ·
let_all_go                         GET      in  302  302  302  403  403  403  403  403  403    ·    ·    ·    ·
let_all_go                         POST     in  302  302  302  403  403  403  403  403  403    ·    ·    ·    ·
log                                GET      in  302  200  200  403  403  403  403  403  403    ·    ·    ·    ·
breath                             GET      in  200  200  200  403  403  403  403  403  403    ·    ·    ·    ·
growth                             GET      in  200  200  200  403  403  403  403  403  403    ·    ·    ·    ·
homework                           GET      in  200  404  404  403  403  403  403  403  403    ·    ·    ·    ·
step                               GET      in  200  404  404  403  403  403  403  403  403    ·    ·    ·    ·
step                               POST     in  302  404  404  403  403  403  403  403  403    ·    ·    ·    ·
draft                              POST     in  400  404  404  403  403  403  403  403  403    ·    ·    ·    ·
check                              GET      in  200  404  404  403  403  403  403  403  403    ·    ·    ·    ·
submit                             POST     in  302  404  404  403  403  403  403  403  403    ·    ·    ·    ·
sent                               GET      in  200  404  404  403  403  403  403  403  403    ·    ·    ·    ·
after_check                        POST     in  302  404  404  403  403  403  403  403  403    ·    ·    ·    ·
take_back                          POST     in  409  404  404  403  403  403  403  403  403    ·    ·    ·    ·
set_aside                          POST     in  302  404  404  403  403  403  403  403  403    ·    ·    ·    ·
pick_up                            POST     in  302  404  404  403  403  403  403  403  403    ·    ·    ·    ·
ended                              GET      in  302  404  404  403  403  403  403  403  403    ·    ·    ·    ·
feedback                           GET      in  302  404  404  403  403  403  403  403  403    ·    ·    ·    ·
save_copy                          GET      in  200  404  404  403  403  403  403  403  403    ·    ·    ·    ·
entries                            GET      in  200  404  404  403  403  403  403  403  403    ·    ·    ·    ·
entry_add                          POST     in  302  404  404  403  403  403  403  403  403    ·    ·    ·    ·
entry                              GET      in  200  404  404  403  403  403  403  403  403    ·    ·    ·    ·
entry                              POST     in  302  404  404  403  403  403  403  403  403    ·    ·    ·    ·
entry_draft                        POST     in  400  404  404  403  403  403  403  403  403    ·    ·    ·    ·
entry_remove                       GET      in  200  404  404  403  403  403  403  403  403    ·    ·    ·    ·
entry_remove                       POST     in  302  404  404  403  403  403  403  403  403    ·    ·    ·    ·
export_own                         GET      in  200  200  200  403  403  403  403  403  403    ·    ·    ·    ·
own_ledger                         GET      in  200  200  200  403  403  403  403  403  403    ·    ·    ·    ·

# The therapist's pages                    any  ana  ben noor dana omar sana ruth  zoe  uma aKey  dRd dKey rKey
client_list                        GET      in  403  403  403  200  200  200  403  200  200    ·    ·    ·    ·
client_add                         GET      in  403  403  403  200  200  403  403  200  200    ·    ·    ·    ·
client_add                         POST     in  403  403  403  422  422  403  403  422  422    ·    ·    ·    ·
client_edit                        GET      in  403  403  403  200  404  403  403  404  404    ·    ·    ·    ·
client_edit                        POST     in  403  403  403  422  404  403  403  404  404    ·    ·    ·    ·
client_invite                      POST     in  403  403  403  409  404  403  403  404  404    ·    ·    ·    ·
client_uninvite                    POST     in  403  403  403  302  404  403  403  404  404    ·    ·    ·    ·
client_clearance                   GET      in  403  403  403  200  404  403  403  404  404    ·    ·    ·    ·
client_clearance                   POST     in  403  403  403  422  404  403  403  404  404    ·    ·    ·    ·
client_hand_over                   GET      in  403  403  403  200  404  403  403  404  404    ·    ·    ·    ·
client_hand_over                   POST     in  403  403  403  422  404  403  403  404  404    ·    ·    ·    ·
client_discharge                   GET      in  403  403  403  200  404  403  403  404  404    ·    ·    ·    ·
client_discharge                   POST     in  403  403  403  302  404  403  403  404  404    ·    ·    ·    ·
client_reactivate                  POST     in  403  403  403  302  404  403  403  404  404    ·    ·    ·    ·
client_notes                       GET      in  403  403  403  200  404  403  403  404  404    ·    ·    ·    ·
client_notes                       POST     in  403  403  403  422  404  403  403  404  404    ·    ·    ·    ·
client_note                        GET      in  403  403  403  200  404  403  403  404  404    ·    ·    ·    ·
client_note                        POST     in  403  403  403  422  404  403  403  404  404    ·    ·    ·    ·
note_drop                          GET      in  403  403  403  200  404  403  403  404  404    ·    ·    ·    ·
note_drop                          POST     in  403  403  403  302  404  403  403  404  404    ·    ·    ·    ·
erasure                            GET      in  403  403  403  200  404  403  403  404  404    ·    ·    ·    ·
erasure                            POST     in  403  403  403  302  404  403  403  404  404    ·    ·    ·    ·
couple_link                        GET      in  403  403  403  200  200  403  403  200  200    ·    ·    ·    ·
couple_link                        POST     in  403  403  403  422  422  403  403  422  422    ·    ·    ·    ·
couple_unlink                      GET      in  403  403  403  200  404  403  403  404  404    ·    ·    ·    ·
couple_unlink                      POST     in  403  403  403  302  404  403  403  404  404    ·    ·    ·    ·
couple_session                     GET      in  403  403  403  200  404  403  403  404  404    ·    ·    ·    ·
couple_session                     POST     in  403  403  403  302  404  403  403  404  404    ·    ·    ·    ·
export_client                      GET      in  403  403  403  200  404  403  403  404  404    ·    ·    ·    ·
reminder_ledger                    GET      in  403  403  403  200  404  200  403  404  404    ·    ·    ·    ·
queue                              GET      in  403  403  403  200  200  302  403  200  200    ·    ·    ·    ·
review                             GET      in  403  403  403  200  404  200  403  404  404    ·    ·    ·    ·
review                             POST     in  403  403  403  409  404  403  403  404  404    ·    ·    ·    ·
review_draft                       POST     in  403  403  403  409  404  403  403  404  404    ·    ·    ·    ·
review_undo                        POST     in  403  403  403  302  404  403  403  404  404    ·    ·    ·    ·
flag_handled                       POST     in  403  403  403  302  404  403  403  404  404    ·    ·    ·    ·
flag_undo                          POST     in  403  403  403  409  404  403  403  404  404    ·    ·    ·    ·
client_page                        GET      in  403  403  403  200  404  200  403  404  404    ·    ·    ·    ·
couple_page                        GET      in  403  403  403  200  404  200  403  404  404    ·    ·    ·    ·
assign                             GET      in  403  403  403  200  200  403  403  200  200    ·    ·    ·    ·
assign                             POST     in  403  403  403  200  200  403  403  200  200    ·    ·    ·    ·
assignment_sent                    GET      in  403  403  403  200  404  403  403  404  404    ·    ·    ·    ·
assignment_withdraw                GET      in  403  403  403  200  404  403  403  404  404    ·    ·    ·    ·
assignment_withdraw                POST     in  403  403  403  302  404  403  403  404  404    ·    ·    ·    ·
homework_page                      GET      in  403  403  403  200  404  200  403  404  404    ·    ·    ·    ·
homework_due                       GET      in  403  403  403  200  404  403  403  404  404    ·    ·    ·    ·
homework_due                       POST     in  403  403  403  422  404  403  403  404  404    ·    ·    ·    ·
library                            GET      in  403  403  403  200  200  200  200  200  200    ·    ·    ·    ·
exercise                           GET      in  403  403  403  200  200  200  200  404  200    ·    ·    ·    ·
preview                            GET      in  403  403  403  200  200  200  403  404  200    ·    ·    ·    ·

# Administration: names and states, no words  any  ana  ben noor dana omar sana ruth  zoe  uma aKey  dRd dKey rKey
people                             GET      in  403  403  403  200  200  200  200  200  200    ·    ·    ·    ·
people_invite                      GET      in  403  403  403  403  403  403  200  200  403    ·    ·    ·    ·
people_invite                      POST     in  403  403  403  403  403  403  422  422  403    ·    ·    ·    ·
member                             GET      in  403  403  403  403  403  403  200  404  403    ·    ·    ·    ·
member                             POST     in  403  403  403  403  403  403  422  404  403    ·    ·    ·    ·
member_sign_out                    POST     in  403  403  403  403  403  403  302  404  403    ·    ·    ·    ·
member_reactivate                  POST     in  403  403  403  403  403  403  302  404  403    ·    ·    ·    ·
invitation_resend                  POST     in  403  403  403  403  403  403  302  404  403    ·    ·    ·    ·
invitation_revoke                  POST     in  403  403  403  403  403  403  302  404  403    ·    ·    ·    ·
practice_settings                  GET      in  403  403  403  403  403  403  200  200  403    ·    ·    ·    ·
practice_settings                  POST     in  403  403  403  403  403  403  422  422  403    ·    ·    ·    ·
audit                              GET      in  403  403  403  403  403  403  200  200  403    ·    ·    ·    ·
member_deactivate                  GET      in  403  403  403  403  403  403  200  404  403    ·    ·    ·    ·
member_deactivate                  POST     in  403  403  403  403  403  403  302  404  403    ·    ·    ·    ·
record_holds                       GET      in  403  403  403  403  403  403  200  200  403    ·    ·    ·    ·
record_hold                        GET      in  403  403  403  403  403  403  409  404  403    ·    ·    ·    ·
record_hold                        POST     in  403  403  403  403  403  403  409  404  403    ·    ·    ·    ·
record_entrust                     GET      in  403  403  403  403  403  403  404  404  403    ·    ·    ·    ·
record_entrust                     POST     in  403  403  403  403  403  403  404  404  403    ·    ·    ·    ·

# Sign-in and one's own account (allauth)  any  ana  ben noor dana omar sana ruth  zoe  uma aKey  dRd dKey rKey
account_home                       GET      in  302  302  302  200  200  200  200  200  200    ·    ·    ·    ·
account_home                       POST     in  302  302  302  422  422  422  422  422  422    ·    ·    ·    ·
token_list                         GET      in  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
token_list                         POST     in  422  422  422  422  422  422  422  422  422    ·    ·    ·    ·
token_revoke                       POST     in  404  404  404  302  404  404  404  404  404    ·    ·    ·    ·
account_login                      GET     200  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
account_login                      POST    200  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
account_logout                     GET     302  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
account_logout                     POST    302  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
account_inactive                   GET     200  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
account_signup                     GET     200  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
account_signup                     POST    200  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
account_reauthenticate             GET      in  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
account_reauthenticate             POST     in  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
account_email                      GET      in  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
account_email                      POST     in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
account_email_verification_sent    GET      in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
account_email_verification_sent    POST     in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
account_change_password            GET      in  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
account_change_password            POST     in  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
account_set_password               GET      in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
account_set_password               POST     in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
account_reset_password             GET     200  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
account_reset_password             POST    200  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
account_confirm_login_code         GET      in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
account_confirm_login_code         POST     in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
account_confirm_password_reset_code GET      in   in   in   in   in   in   in   in   in   in    ·    ·    ·    ·
account_confirm_password_reset_code POST     in   in   in   in   in   in   in   in   in   in    ·    ·    ·    ·
account_complete_password_reset    GET     302  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
account_complete_password_reset    POST    302  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
account_password_reset_completed   GET     200  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
account_request_login_code         GET     200  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
account_request_login_code         POST    200  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
mfa_index                          GET      in  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
mfa_authenticate                   GET      in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
mfa_authenticate                   POST     in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
mfa_reauthenticate                 GET      in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
mfa_reauthenticate                 POST     in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
mfa_activate_totp                  GET      in  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
mfa_activate_totp                  POST     in  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
mfa_deactivate_totp                GET      in  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
mfa_deactivate_totp                POST     in  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
mfa_view_recovery_codes            GET      in  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
mfa_generate_recovery_codes        GET      in  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
mfa_generate_recovery_codes        POST     in  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
mfa_download_recovery_codes        GET      in  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
mfa_download_recovery_codes        POST     in  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
mfa_list_webauthn                  GET      in  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
mfa_add_webauthn                   GET      in  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
mfa_add_webauthn                   POST     in  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
mfa_reauthenticate_webauthn        GET      in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
mfa_reauthenticate_webauthn        POST     in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
mfa_remove_webauthn                GET      in  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
mfa_remove_webauthn                POST     in  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
mfa_edit_webauthn                  GET      in  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
mfa_edit_webauthn                  POST     in  404  404  404  404  404  404  404  404  404    ·    ·    ·    ·
mfa_login_webauthn                 GET      in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
mfa_login_webauthn                 POST     in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·
usersessions_list                  GET      in  200  200  200  200  200  200  200  200  200    ·    ·    ·    ·
usersessions_list                  POST     in  302  302  302  302  302  302  302  302  302    ·    ·    ·    ·

# The API                                  any  ana  ben noor dana omar sana ruth  zoe  uma aKey  dRd dKey rKey
api_schema                         GET     200  200  200  200  200  200  200  200  200  200  200  200  200  200
api_guide                          GET     200  200  200  200  200  200  200  200  200  200  200  200  200  200
api_me                             GET     401  200  200  200  200  200  200  200  200  200  200  200  200  200
api_members                        GET     401  403  403  403  200  200  200  200  200  200  403  200  403  200
api_member_search                  POST    401  403  403  403  422  422  422  422  422  422  403  422  403  422
api_invitations                    GET     401  403  403  403  403  403  403  200  200  403  403  403  403  200
api_invitations                    POST    401  403  403  403  403  403  403  422  422  403  403  403  403  422
api_invitation_resend              POST    401  403  403  403  403  403  403  200  404  403  403  403  403  200
api_invitation_revoke              POST    401  403  403  403  403  403  403  200  404  403  403  403  403  200
api_audit                          GET     401  403  403  403  403  403  403  200  200  403  403  403  403  200
api_clients                        GET     401  403  403  403  200  200  200  403  200  200  403  200  200  403
api_clients                        POST    401  403  403  403  422  422  403  403  422  422  403  403  422  403
api_client_search                  POST    401  403  403  403  422  422  422  403  422  422  403  422  422  403
api_client                         GET     401  403  403  403  200  404  200  403  404  404  403  200  200  403
api_client                         PATCH   401  403  403  403  200  404  403  403  404  404  403  403  200  403
api_client_invite                  POST    401  403  403  403  409  404  403  403  404  404  403  403  409  403
api_client_uninvite                POST    401  403  403  403  200  404  403  403  404  404  403  403  200  403
api_client_discharge               POST    401  403  403  403  200  404  403  403  404  404  403  403  200  403
api_client_reactivate              POST    401  403  403  403  200  404  403  403  404  404  403  403  200  403
api_client_hand_over               POST    401  403  403  403  422  404  403  403  404  404  403  403  422  403
api_client_clearances              GET     401  403  403  403  200  404  403  403  404  404  403  403  200  403
api_client_clearances              POST    401  403  403  403  422  404  403  403  404  404  403  403  422  403
api_couples                        GET     401  403  403  403  200  200  200  403  200  200  403  200  200  403
api_couples                        POST    401  403  403  403  422  422  403  403  422  422  403  403  422  403
api_couple                         GET     401  403  403  403  200  404  200  403  404  404  403  200  200  403
api_couple                         PATCH   401  403  403  403  422  404  403  403  404  404  403  403  422  403
api_couple_unlink                  POST    401  403  403  403  200  404  403  403  404  404  403  403  200  403
api_exercises                      GET     401  403  403  403  200  200  200  200  200  200  403  200  200  403
api_exercise_search                POST    401  403  403  403  422  422  422  422  422  422  403  422  422  403
api_exercise                       GET     401  403  403  403  200  200  200  200  404  200  403  200  200  403
api_assignments                    POST    401  403  403  403  422  422  403  403  422  422  403  403  422  403
api_assignment                     GET     401  404  404  404  200  404  200  404  404  404  404  200  200  403
api_withdraw                       POST    401  404  404  404  200  404  403  404  404  404  403  403  200  403
api_homework_list                  GET     401  200  200  200  200  200  200  403  200  200  200  200  200  403
api_homework                       GET     401  200  404  404  200  404  200  404  404  404  200  200  200  403
api_rounds                         GET     401  200  404  404  200  404  200  404  404  404  200  200  200  403
api_answer                         PUT     401  422  404  404  403  404  403  404  404  404  422  403  403  403
api_entries                        POST    401  422  404  404  403  404  403  404  404  404  422  403  403  403
api_entry                          DELETE  401  204  404  404  404  404  404  404  404  404  204  403  403  403
api_entry_answer                   PUT     401  422  404  404  403  404  403  404  404  404  422  403  403  403
api_submit                         POST    401  409  404  404  403  404  403  404  404  404  409  403  403  403
api_take_back                      POST    401  409  404  404  403  404  403  404  404  404  409  403  403  403
api_set_aside                      POST    401  200  404  404  403  404  403  404  404  404  200  403  403  403
api_pick_up                        POST    401  409  404  404  403  404  403  404  404  404  409  403  403  403
api_reviews                        GET     401  200  404  404  200  404  200  404  404  404  200  200  200  403
api_review_draft                   PUT     401  403  404  404  422  404  403  404  404  404  403  403  422  403
api_review_send                    POST    401  403  404  404  422  404  403  404  404  404  403  403  422  403
api_review_undo                    POST    401  404  404  404  200  404  403  404  404  404  403  403  200  403
api_queue                          GET     401  403  403  403  200  200  200  403  200  200  403  403  200  403
"""
