-- +goose Up
-- Decisions are added and never changed: the shop has to be able to prove what it
-- was allowed when.
CREATE TABLE IF NOT EXISTS consents (
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  customer_id BIGINT UNSIGNED NOT NULL,
  purpose     ENUM('marketing') NOT NULL,
  given       BOOLEAN NOT NULL,
  -- The default is spelled out because servers with old settings would add one
  -- that moves at every update.
  decided_at  TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (id),
  KEY consents_customer (customer_id, purpose, id),
  CONSTRAINT consents_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE consents;
