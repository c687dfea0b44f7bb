drop table sign_in_challenges;
