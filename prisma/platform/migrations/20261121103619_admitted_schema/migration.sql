-- AlterTable
ALTER TABLE "module" ADD COLUMN     "admitted_sdl_hash" TEXT;
