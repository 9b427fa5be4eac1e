-- +goose Up
CREATE TABLE IF NOT EXISTS sign_ins (
  id           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  customer_id  BIGINT UNSIGNED NOT NULL,
  -- 45 characters are the longest text of an IPv6 address.
  address      VARCHAR(45) NOT NULL,
  user_agent   VARCHAR(255) NOT NULL,
  -- The default is spelled out because servers with old settings would add one
  -- that moves at every update.
  signed_in_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (id),
  KEY sign_ins_customer (customer_id),
  CONSTRAINT sign_ins_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE sign_ins;
