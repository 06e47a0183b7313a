-- AlterTable
ALTER TABLE "plugin_release" ADD COLUMN     "asked" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "documents" JSONB NOT NULL DEFAULT '[]';
