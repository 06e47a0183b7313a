-- What was published before has no partition of its own: all of it is in the first, in its order.
ALTER TABLE "bus_event" ADD COLUMN "partition" SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE "bus_event" ALTER COLUMN "partition" DROP DEFAULT;
ALTER TABLE "bus_event" ADD COLUMN "published_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

CREATE INDEX "bus_event_partition_position_idx" ON "bus_event"("partition", "position");
CREATE INDEX "bus_event_published_at_idx" ON "bus_event"("published_at");

CREATE TABLE "bus_partition" (
    "group_name" TEXT NOT NULL,
    "partition" SMALLINT NOT NULL,
    "position" BIGINT NOT NULL,
    "up_to" BIGINT,
    "handled" BIGINT NOT NULL DEFAULT 0,
    "owner" TEXT,
    "token" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "bus_partition_pkey" PRIMARY KEY ("group_name", "partition")
);

INSERT INTO "bus_partition" ("group_name", "partition", "position")
SELECT "name", generate_series(0, 15), "position" FROM "bus_group";

ALTER TABLE "bus_group" DROP COLUMN "position";
ALTER TABLE "bus_group" ADD COLUMN "replayable" BOOLEAN NOT NULL DEFAULT false;

CREATE TABLE "bus_member" (
    "group_name" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "bus_member_pkey" PRIMARY KEY ("group_name", "id")
);

CREATE TABLE "bus_held" (
    "group_name" TEXT NOT NULL,
    "partition" SMALLINT NOT NULL,
    "position" BIGINT NOT NULL,
    "subject" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "bus_held_pkey" PRIMARY KEY ("group_name", "partition", "position")
);

ALTER TABLE "bus_dead_letter" ADD COLUMN "seq" BIGSERIAL NOT NULL;
ALTER TABLE "bus_dead_letter" ADD COLUMN "partition" SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE "bus_dead_letter" ALTER COLUMN "partition" DROP DEFAULT;
ALTER TABLE "bus_dead_letter" ADD COLUMN "client" TEXT;
UPDATE "bus_dead_letter" SET "client" = "event" ->> 'client';
ALTER TABLE "bus_dead_letter" ALTER COLUMN "client" SET NOT NULL;
ALTER TABLE "bus_dead_letter" ADD COLUMN "redelivering" BOOLEAN NOT NULL DEFAULT false;

CREATE INDEX "bus_dead_letter_group_name_seq_idx" ON "bus_dead_letter"("group_name", "seq");

CREATE TABLE "bus_replay" (
    "id" TEXT NOT NULL,
    "group_name" TEXT NOT NULL,
    "client" TEXT NOT NULL,
    "type" TEXT,
    "from" TIMESTAMPTZ(3) NOT NULL,
    "to" TIMESTAMPTZ(3) NOT NULL,
    "requested_by" TEXT,
    "status" TEXT NOT NULL,
    "matched" BIGINT NOT NULL,
    "delivered" BIGINT NOT NULL DEFAULT 0,
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),
    "error" TEXT,

    CONSTRAINT "bus_replay_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "bus_replay_group_name_status_idx" ON "bus_replay"("group_name", "status");

CREATE TABLE "bus_horizon" (
    "id" SMALLINT NOT NULL DEFAULT 1,
    "position" BIGINT NOT NULL DEFAULT 0,
    "time" TIMESTAMPTZ(3),

    CONSTRAINT "bus_horizon_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "bus_horizon_one_row" CHECK ("id" = 1)
);

INSERT INTO "bus_horizon" DEFAULT VALUES;
