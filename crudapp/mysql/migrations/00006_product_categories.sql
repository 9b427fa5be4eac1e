-- +goose Up
CREATE TABLE IF NOT EXISTS product_categories (
  product_id  BIGINT UNSIGNED NOT NULL,
  category_id INT UNSIGNED NOT NULL,
  PRIMARY KEY (product_id, category_id),
  KEY product_categories_category (category_id, product_id),
  CONSTRAINT product_categories_product FOREIGN KEY (product_id) REFERENCES products (id),
  CONSTRAINT product_categories_category FOREIGN KEY (category_id) REFERENCES categories (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE product_categories;
