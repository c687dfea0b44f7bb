drop table oauth_attempts;
