CREATE TABLE "rebuild" (
    "id" TEXT NOT NULL,
    "client" TEXT NOT NULL,
    "type" TEXT,
    "from" TIMESTAMPTZ(3) NOT NULL,
    "to" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "rebuild_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "rebuilt_measurement" (
    "rebuild_id" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "metric" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "user_id" TEXT,
    "dimensions" JSONB NOT NULL,

    CONSTRAINT "rebuilt_measurement_pkey" PRIMARY KEY ("rebuild_id","event_id")
);

CREATE INDEX "rebuild_client_idx" ON "rebuild"("client");

ALTER TABLE "rebuilt_measurement" ADD CONSTRAINT "rebuilt_measurement_rebuild_id_fkey" FOREIGN KEY ("rebuild_id") REFERENCES "rebuild"("id") ON DELETE CASCADE ON UPDATE CASCADE;
