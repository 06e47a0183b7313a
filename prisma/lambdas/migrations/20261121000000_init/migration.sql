-- CreateTable
CREATE TABLE "build" (
    "client" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "bundle" TEXT NOT NULL,
    "sdl" TEXT NOT NULL,
    "functions" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "build_pkey" PRIMARY KEY ("client","digest")
);
