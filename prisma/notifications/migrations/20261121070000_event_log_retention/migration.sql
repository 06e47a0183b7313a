-- How much of the event log is kept. Follows event-log.sql in every module's migrations.
ALTER TABLE "event_log_head" ADD COLUMN "horizon" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN "bytes" BIGINT NOT NULL DEFAULT 0;

ALTER TABLE "event_log" ADD COLUMN "size" INTEGER;

UPDATE "event_log_head" SET
    "horizon" = coalesce((SELECT min("position") - 1 FROM "event_log"), "position"),
    "bytes" = coalesce((SELECT sum(octet_length("data"::text)) FROM "event_log" WHERE "position" IS NOT NULL), 0);
