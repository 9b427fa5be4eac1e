package load

// Tables that the load writes and the pipeline publishes.
const (
	Customers = "customers"
	SignIns   = "sign_ins"
)

// Customer is a row of the customers, as its image in a raw change says it. A
// phone number that is NULL is empty; the load writes none that are empty.
type Customer struct {
	ID      uint64 `json:"id"`
	Email   string `json:"email"`
	Name    string `json:"name"`
	Phone   string `json:"phone"`
	Version uint32 `json:"version"`
}

// SignIn is a row of the sign-ins, as its image says it.
type SignIn struct {
	ID         uint64 `json:"id"`
	CustomerID uint64 `json:"customer_id"`
	Address    string `json:"address"`
	UserAgent  string `json:"user_agent"`
	// At has microseconds and ends in Z.
	At string `json:"signed_in_at"`
}

// Change is what one transaction did to one row. Changes can be compared.
type Change struct {
	// Transaction is the same for the changes of one.
	Transaction int64
	// Table is Customers or SignIns, Op is c, u or d.
	Table, Op string
	// Before and After are a Customer or a SignIn; nil where there is none.
	Before, After any
	// Actor and Request are what the statement's comment says; empty where it
	// was typed by hand.
	Actor, Request string
}

// History is what was committed.
type History struct {
	Stats
	// Changes are each customer's, in order.
	Changes map[uint64][]Change
}

// Stats count transactions by how they ended.
type Stats struct {
	// Committed ones were answered so, RolledBack ones on purpose.
	Committed, RolledBack int
	// Cut is how many commits lost their answer, Landed how many of them took
	// place; these are not among Committed.
	Cut, Landed int
}

// Plus is both together.
func (s Stats) Plus(o Stats) Stats {
	return Stats{
		Committed: s.Committed + o.Committed, RolledBack: s.RolledBack + o.RolledBack,
		Cut: s.Cut + o.Cut, Landed: s.Landed + o.Landed,
	}
}

// Total is how many took place.
func (s Stats) Total() int { return s.Committed + s.Landed }

// Minus is what came since an earlier count.
func (s Stats) Minus(o Stats) Stats {
	return Stats{
		Committed: s.Committed - o.Committed, RolledBack: s.RolledBack - o.RolledBack,
		Cut: s.Cut - o.Cut, Landed: s.Landed - o.Landed,
	}
}
