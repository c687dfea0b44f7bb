alter table account_tokens drop constraint account_tokens_purpose_known;
alter table account_tokens add constraint account_tokens_purpose_known
    check (purpose in ('verify_email', 'reset_password', 'change_email', 'delete_account', 'accept_invitation'));
