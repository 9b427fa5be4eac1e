package catalogue_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
)

// shelf is a store with one product at most, whose row somebody else may change
// before an update reaches it.
type shelf struct {
	catalogue.Store
	item catalogue.Item
	// first changes the row before the next update.
	first func(*catalogue.Item)
}

func (s *shelf) Categories(context.Context) ([]catalogue.Category, error) {
	return []catalogue.Category{{ID: 1, Slug: "bread"}, {ID: 2, Slug: "larder"}}, nil
}

func (s *shelf) CreateProduct(_ context.Context, p catalogue.Product, l catalogue.Level) (uint64, error) {
	if s.item.SKU == p.SKU {
		return 0, catalogue.ErrTaken
	}
	p.ID = 7
	s.item = catalogue.Item{Product: p, Stock: catalogue.Stock{ProductID: 7, Level: l, Version: 1, UpdatedAt: p.UpdatedAt}}
	return 7, nil
}

func (s *shelf) Item(_ context.Context, id uint64) (catalogue.Item, error) {
	if id != s.item.ID {
		return catalogue.Item{}, crudapp.ErrNotFound
	}
	return s.item, nil
}

func (s *shelf) overtaken() {
	if s.first != nil {
		s.first(&s.item)
	}
}

func (s *shelf) UpdateProduct(_ context.Context, u catalogue.ProductUpdate) (bool, error) {
	s.overtaken()
	if s.item.Version != u.Version {
		return false, nil
	}
	s.item.Listing, s.item.Version, s.item.UpdatedAt = u.Listing, u.Version+1, u.At
	return true, nil
}

func (s *shelf) UpdateStock(_ context.Context, u catalogue.StockUpdate) (bool, error) {
	s.overtaken()
	if s.item.Stock.Version != u.Version {
		return false, nil
	}
	s.item.Stock.Level, s.item.Stock.Version, s.item.Stock.UpdatedAt = u.Level, u.Version+1, u.At
	return true, nil
}

func entry() catalogue.Entry {
	return catalogue.Entry{
		Name: " Loaf ", Description: "One.\r\nTwo.\n", Price: " 4.2", Currency: "GBP", Status: "active",
		Attributes: map[string]string{" weight ": " 800 g "}, Categories: []string{"larder", "bread", "larder"},
	}
}

var now = time.Date(2026, 11, 21, 16, 0, 0, 123456789, time.UTC)

func open(t *testing.T) (*catalogue.Catalogue, *shelf, catalogue.Item) {
	t.Helper()
	store := &shelf{}
	goods := catalogue.New(catalogue.Options{Store: store, Now: func() time.Time { return now }})
	item, err := goods.Add(t.Context(), "BRD-1", entry(), catalogue.Level{OnHand: 5, ReorderLevel: 2})
	if err != nil {
		t.Fatal(err)
	}
	return goods, store, item
}

func TestAddNormalizes(t *testing.T) {
	t.Parallel()
	_, store, got := open(t)
	at := now.Truncate(time.Microsecond)
	want := catalogue.Item{
		Product: catalogue.Product{
			ID: 7, SKU: "BRD-1", Version: 1, CreatedAt: at, UpdatedAt: at,
			Listing: catalogue.Listing{
				Name: "Loaf", Description: "One.\nTwo.", Price: 420, Currency: "GBP", Status: catalogue.StatusActive,
				Attributes: map[string]string{"weight": "800 g"}, Categories: []string{"bread", "larder"},
			},
		},
		Stock: catalogue.Stock{ProductID: 7, Level: catalogue.Level{OnHand: 5, ReorderLevel: 2}, Version: 1, UpdatedAt: at},
	}
	if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(store.item, want) {
		t.Errorf("added %+v, stored %+v, want %+v", got, store.item, want)
	}
}

func TestAddRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil  func(sku *string, e *catalogue.Entry, l *catalogue.Level)
		fields []string
	}{
		"everything": {func(sku *string, e *catalogue.Entry, l *catalogue.Level) {
			*sku, *e, *l = "a b", catalogue.Entry{Price: "-1", Categories: []string{"shoes"}, Attributes: map[string]string{"x": ""}},
				catalogue.Level{OnHand: 1 << 30, ReorderLevel: 1 << 30}
		}, []string{"attributes", "categories", "currency", "name", "on_hand", "price", "reorder_level", "sku", "status"}},
		"a long name":         {func(_ *string, e *catalogue.Entry, _ *catalogue.Level) { e.Name = strings.Repeat("é", 121) }, []string{"name"}},
		"a name on two lines": {func(_ *string, e *catalogue.Entry, _ *catalogue.Level) { e.Name = "a\nb" }, []string{"name"}},
		"a bell":              {func(_ *string, e *catalogue.Entry, _ *catalogue.Level) { e.Description = "a\ab" }, []string{"description"}},
		"a long description":  {func(_ *string, e *catalogue.Entry, _ *catalogue.Level) { e.Description = strings.Repeat("x", 1501) }, []string{"description"}},
		"half a penny":        {func(_ *string, e *catalogue.Entry, _ *catalogue.Level) { e.Price = "1.005" }, []string{"price"}},
		"a colon in a fact":   {func(_ *string, e *catalogue.Entry, _ *catalogue.Level) { e.Attributes = map[string]string{"a:b": "c"} }, []string{"attributes"}},
		"a long fact":         {func(_ *string, e *catalogue.Entry, _ *catalogue.Level) { e.Attributes["x"] = strings.Repeat("y", 200) }, []string{"attributes"}},
		"the same SKU":        {func(sku *string, _ *catalogue.Entry, _ *catalogue.Level) { *sku = "BRD-1" }, []string{"sku"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			goods, _, _ := open(t)
			sku, e, l := "BRD-2", entry(), catalogue.Level{}
			test.spoil(&sku, &e, &l)
			_, err := goods.Add(t.Context(), sku, e, l)
			problem, ok := errors.AsType[*crudapp.Error](err)
			if !ok || problem.Code != crudapp.CodeInvalid {
				t.Fatalf("got %v, want an error about values", err)
			}
			if got := slices.Sorted(maps.Keys(problem.Fields)); !slices.Equal(got, test.fields) {
				t.Errorf("got problems with %q, want %q", got, test.fields)
			}
		})
	}
}

func TestChangeOvertaken(t *testing.T) {
	t.Parallel()
	renamed := entry()
	renamed.Name = "Yours"
	rename := func(to string) func(*catalogue.Item) {
		return func(i *catalogue.Item) { i.Name, i.Version = to, 2 }
	}
	t.Run("by another value", func(t *testing.T) {
		t.Parallel()
		goods, store, item := open(t)
		store.first = rename("Theirs")
		_, err := goods.Change(t.Context(), item.ID, 1, renamed)
		conflict, ok := errors.AsType[*catalogue.ProductConflict](err)
		if !ok || conflict.Yours.Name != "Yours" || conflict.Stored.Name != "Theirs" || crudapp.ErrorCode(err) != crudapp.CodeConflict {
			t.Errorf("got %v, want a conflict of Yours with Theirs", err)
		}
	})
	t.Run("by the same value", func(t *testing.T) {
		t.Parallel()
		goods, store, item := open(t)
		store.first = rename("Yours")
		if got, err := goods.Change(t.Context(), item.ID, 1, renamed); err != nil || got.Version != 2 {
			t.Errorf("got %+v, %v, want version 2 and no conflict", got, err)
		}
	})
	t.Run("nothing to change", func(t *testing.T) {
		t.Parallel()
		goods, _, item := open(t)
		if got, err := goods.Change(t.Context(), item.ID, 99, entry()); err != nil || got.Version != 1 {
			t.Errorf("got %+v, %v, want version 1 and no conflict", got, err)
		}
	})
}

func TestSetStockOvertaken(t *testing.T) {
	t.Parallel()
	goods, store, item := open(t)
	store.first = func(i *catalogue.Item) { i.Stock.OnHand, i.Stock.Version = 4, 2 }
	_, err := goods.SetStock(t.Context(), item.ID, 1, catalogue.Level{OnHand: 9, ReorderLevel: 2})
	conflict, ok := errors.AsType[*catalogue.StockConflict](err)
	if !ok || conflict.Yours.OnHand != 9 || conflict.Stored.OnHand != 4 || crudapp.ErrorCode(err) != crudapp.CodeConflict {
		t.Errorf("got %v, want a conflict of 9 with 4", err)
	}
	store.first = nil
	if got, err := goods.SetStock(t.Context(), item.ID, 2, conflict.Yours); err != nil || got.Version != 3 || got.OnHand != 9 {
		t.Errorf("got %+v, %v, want version 3", got, err)
	}
}

func TestDraftsAreHidden(t *testing.T) {
	t.Parallel()
	goods, store, item := open(t)
	store.item.Status = catalogue.StatusDraft
	if _, err := goods.Item(t.Context(), item.ID); !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("Item: %v, want %v", err, crudapp.ErrNotFound)
	}
	if got, err := goods.AnyItem(t.Context(), item.ID); err != nil || got.Available() {
		t.Errorf("AnyItem = %+v, %v, want one that is not available", got, err)
	}
}
