package mysql

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"telltale/crudapp/catalogue"
)

// itemSelect reads products that were not removed, with their stock and the slugs
// of their categories, which are few enough for GROUP_CONCAT's limit.
const itemSelect = `SELECT p.id, p.sku, p.name, p.description, p.price, p.currency, p.attributes, p.status, p.version, p.created_at, p.updated_at,
	s.on_hand, s.reorder_level, s.version, s.updated_at,
	COALESCE((SELECT GROUP_CONCAT(c.slug ORDER BY c.slug) FROM product_categories pc JOIN categories c ON c.id = pc.category_id WHERE pc.product_id = p.id), '')
	FROM products p JOIN stock s ON s.product_id = p.id WHERE p.deleted_at IS NULL`

// Item implements catalogue.Store.
func (s *Store) Item(ctx context.Context, id uint64) (catalogue.Item, error) {
	item, err := scanItem(s.db.QueryRowContext(ctx, itemSelect+` AND p.id = ?`, id))
	if err != nil {
		return catalogue.Item{}, fmt.Errorf("read product %d: %w", id, known(err))
	}
	return item, nil
}

// Items implements catalogue.Store.
func (s *Store) Items(ctx context.Context, q catalogue.Query) ([]catalogue.Item, error) {
	condition, args := itemCondition(q)
	rows, err := s.db.QueryContext(ctx, itemSelect+condition+` ORDER BY p.id LIMIT ?`, append(args, q.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	found, err := collect(rows, scanItem)
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	return found, nil
}

// literal keeps what somebody searches for from being a pattern of LIKE. The
// escape character is not the backslash, whose meaning is a matter of SQL mode.
var literal = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// itemCondition is what q adds to itemSelect.
func itemCondition(q catalogue.Query) (string, []any) {
	var b strings.Builder
	args := []any{}
	and := func(condition string, values ...any) {
		b.WriteString(" AND " + condition)
		args = append(args, values...)
	}
	and("p.id > ?", q.After)
	if q.Category != "" {
		and("p.id IN (SELECT pc.product_id FROM product_categories pc JOIN categories c ON c.id = pc.category_id WHERE c.slug = ?)", q.Category)
	}
	if q.Text != "" {
		pattern := "%" + literal.Replace(q.Text) + "%"
		and("(p.name LIKE ? ESCAPE '!' OR p.description LIKE ? ESCAPE '!' OR p.sku = ?)", pattern, pattern, q.Text)
	}
	if len(q.Statuses) > 0 {
		statuses := make([]any, len(q.Statuses))
		for i, status := range q.Statuses {
			statuses[i] = string(status)
		}
		and("p.status IN (?"+strings.Repeat(", ?", len(statuses)-1)+")", statuses...)
	}
	if q.Low {
		and("s.on_hand <= s.reorder_level")
	}
	return b.String(), args
}

// row is one row of either kind.
type row interface{ Scan(targets ...any) error }

var (
	_ row = (*sql.Row)(nil)
	_ row = (*sql.Rows)(nil)
)

// scanItem reads what itemSelect selects.
func scanItem(r row) (catalogue.Item, error) {
	var i catalogue.Item
	var price, attributes, slugs string
	err := r.Scan(&i.ID, &i.SKU, &i.Name, &i.Description, &price, &i.Currency, &attributes, &i.Status, &i.Version, &i.CreatedAt, &i.UpdatedAt,
		&i.Stock.OnHand, &i.Stock.ReorderLevel, &i.Stock.Version, &i.Stock.UpdatedAt, &slugs)
	if err != nil {
		return catalogue.Item{}, err
	}
	i.Stock.ProductID = i.ID
	if slugs != "" {
		i.Categories = strings.Split(slugs, ",")
	}
	if i.Price, err = catalogue.ParseAmount(price); err != nil {
		return catalogue.Item{}, fmt.Errorf("product %d: %w", i.ID, err)
	}
	if err := json.Unmarshal([]byte(attributes), &i.Attributes); err != nil {
		return catalogue.Item{}, fmt.Errorf("decode the attributes of product %d: %w", i.ID, err)
	}
	return i, nil
}
