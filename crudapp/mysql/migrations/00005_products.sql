-- +goose Up
CREATE TABLE IF NOT EXISTS products (
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  sku         VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  name        VARCHAR(120) NOT NULL,
  description TEXT NOT NULL,
  price       DECIMAL(12, 2) NOT NULL,
  currency    CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  -- An object of texts, for example {"origin": "Kent"}.
  attributes  JSON NOT NULL,
  status      ENUM('draft', 'active', 'retired') NOT NULL,
  created_at  DATETIME(6) NOT NULL,
  updated_at  TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  -- A product that was removed stays for the orders that name it.
  deleted_at  DATETIME(6) NULL,
  version     INT UNSIGNED NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY products_sku (sku),
  CONSTRAINT products_price CHECK (price >= 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE products;
