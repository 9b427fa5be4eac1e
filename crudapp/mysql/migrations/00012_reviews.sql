-- +goose Up
CREATE TABLE IF NOT EXISTS reviews (
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  product_id  BIGINT UNSIGNED NOT NULL,
  customer_id BIGINT UNSIGNED NOT NULL,
  rating      TINYINT UNSIGNED NOT NULL,
  text        TEXT NOT NULL,
  created_at  DATETIME(6) NOT NULL,
  updated_at  TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  -- Since when staff keep it from others' eyes.
  hidden_at   DATETIME(6) NULL,
  version     INT UNSIGNED NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY reviews_one_each (product_id, customer_id),
  KEY reviews_customer (customer_id),
  CONSTRAINT reviews_product FOREIGN KEY (product_id) REFERENCES products (id),
  CONSTRAINT reviews_customer FOREIGN KEY (customer_id) REFERENCES customers (id),
  CONSTRAINT reviews_rating CHECK (rating BETWEEN 1 AND 5)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE reviews;
