-- The version of what a lane is sold on: an id that is given anew whenever the resource's settings, its
-- organization's or its calendar change. What is kept in memory is kept under it.

ALTER TABLE lane ADD COLUMN terms BIGINT NOT NULL DEFAULT 1;
