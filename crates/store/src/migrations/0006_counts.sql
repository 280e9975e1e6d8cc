-- How many reservations arrive or leave on a day is counted along the index alone.

DROP INDEX booking_by_arrival;
DROP INDEX booking_by_departure;
CREATE INDEX booking_by_arrival ON booking (tenant_id, arrival_on, id, status);
CREATE INDEX booking_by_departure ON booking (tenant_id, departure_on, id, status);
