package load

// Product is a row of the products, as far as a record has it.
type Product struct {
	ID       uint64 `json:"id"`
	SKU      string `json:"sku"`
	Name     string `json:"name"`
	Price    string `json:"price"`
	Currency string `json:"currency"`
	Status   string `json:"status"`
	Version  uint32 `json:"version"`
}

// Order is a row of the orders, as far as a record has it.
type Order struct {
	ID         uint64 `json:"id"`
	CustomerID uint64 `json:"customer_id"`
	Status     string `json:"status"`
	Total      string `json:"total"`
	Currency   string `json:"currency"`
	Version    uint32 `json:"version"`
}

// OrderLine is a row of the order lines.
type OrderLine struct {
	OrderID   uint64 `json:"order_id"`
	Line      int    `json:"line"`
	ProductID uint64 `json:"product_id"`
	SKU       string `json:"sku"`
	Name      string `json:"name"`
	UnitPrice string `json:"unit_price"`
	Quantity  int    `json:"quantity"`
}

// Payment is a row of the payments, as far as a record has it.
type Payment struct {
	ID         uint64 `json:"id"`
	OrderID    uint64 `json:"order_id"`
	CustomerID uint64 `json:"customer_id"`
	Method     string `json:"method"`
	Amount     string `json:"amount"`
	Currency   string `json:"currency"`
	Refunded   string `json:"refunded"`
	Reference  string `json:"reference"`
	Version    uint32 `json:"version"`
}

// Invoice is a row of the invoices.
type Invoice struct {
	Year    int    `json:"year"`
	Number  uint32 `json:"number"`
	OrderID uint64 `json:"order_id"`
}
