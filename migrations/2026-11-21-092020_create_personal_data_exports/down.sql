drop table personal_data_exports;
