-- E-mails and text messages: at most one for each event, channel and recipient.
create table messages (
    id         uuid primary key,
    event_id   uuid not null,
    medium     text not null constraint messages_medium_known check (medium in ('email', 'sms')),
    recipient  text not null,
    template   text not null,
    context    jsonb not null,
    state      text not null default 'pending'
               constraint messages_state_known check (state in ('pending', 'sending', 'sent', 'refused', 'uncertain')),
    provider   text,
    reference  text,
    failure    text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint messages_event_recipient_key unique (event_id, medium, recipient)
);
