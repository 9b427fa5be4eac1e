-- +goose Up
CREATE TABLE IF NOT EXISTS addresses (
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  customer_id BIGINT UNSIGNED NOT NULL,
  recipient   VARCHAR(100) NOT NULL,
  street      VARCHAR(200) NOT NULL,
  postcode    VARCHAR(20) NULL,
  city        VARCHAR(100) NOT NULL,
  country     CHAR(2) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  -- Set for one of a customer's addresses.
  is_default  BOOLEAN NOT NULL,
  created_at  DATETIME(6) NOT NULL,
  updated_at  TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  version     INT UNSIGNED NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  KEY addresses_customer (customer_id),
  CONSTRAINT addresses_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE addresses;
