drop table fulfillment_lines;
drop table fulfillments;
