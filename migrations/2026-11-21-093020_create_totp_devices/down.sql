drop table totp_devices;
