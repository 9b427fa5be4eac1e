-- +goose Up
ALTER TABLE mail_ledger ADD COLUMN refused_since TIMESTAMP(6) NULL COMMENT 'when the recipient''s server first refused it for the time being' AFTER sent_at;

-- +goose Down
ALTER TABLE mail_ledger DROP COLUMN refused_since;
