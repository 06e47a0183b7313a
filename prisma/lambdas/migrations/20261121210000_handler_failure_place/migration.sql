ALTER TABLE "handler_event" ADD COLUMN "error_file" TEXT, ADD COLUMN "error_line" INTEGER;
