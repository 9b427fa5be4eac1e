-- +goose Up
-- The last number given out in each year: invoices must be numbered without gaps,
-- which AUTO_INCREMENT does not promise.
CREATE TABLE IF NOT EXISTS invoice_series (
  year SMALLINT UNSIGNED NOT NULL,
  last INT UNSIGNED NOT NULL,
  PRIMARY KEY (year)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE invoice_series;
