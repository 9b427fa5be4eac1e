package binlog

import "testing"

func TestFilter(t *testing.T) {
	t.Parallel()
	f, err := newFilter(Options{
		Tables: []string{"shop.*", "crm.people"}, ExcludeTables: []string{"shop.*_log"},
		Columns: []ColumnRule{{Match: "*.password_hash", Do: "deny"}, {Match: "crm.people.s*n", Do: "deny"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[[2]string]bool{
		{"shop", "customers"}: true, {"shop", "a.b"}: true, {"shop", "order_log"}: false, {"shopping", "x"}: false,
		{"crm", "people"}: true, {"crm", "people2"}: false,
	} {
		if got := f.captures(name[0], name[1]); got != want {
			t.Errorf("captures(%q) = %t, want %t", name, got, want)
		}
	}
	for name, want := range map[[3]string]bool{
		{"shop", "customers", "password_hash"}: true, {"shop", "customers", "password"}: false,
		{"crm", "people", "ssn"}: true, {"crm", "people", "sn"}: true, {"crm", "people", "s"}: false,
	} {
		if got := f.denies(name[0], name[1])(name[2]); got != want {
			t.Errorf("denies(%q) = %t, want %t", name, got, want)
		}
	}
	if _, err := newFilter(Options{Columns: []ColumnRule{{Match: "*", Do: "hash"}}}); err == nil {
		t.Error("a column rule that is not supported was taken")
	}
}
