package mysql_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/mysql"
	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

func loaf() catalogue.Product {
	return catalogue.Product{
		SKU: "BRD-1", Version: 1, CreatedAt: at, UpdatedAt: at.Add(time.Microsecond),
		Listing: catalogue.Listing{
			Name: "Loaf 😀 O'Connor */ -- \\", Description: "Dark crust.\nOpen crumb.", Price: 420, Currency: "GBP",
			Attributes: map[string]string{"weight": "800 g", "a \"b\"": "\\ 😀"}, Categories: []string{"bread", "larder"},
			Status: catalogue.StatusActive,
		},
	}
}

// openGoods returns a store with three categories.
func openGoods(t *testing.T, server *mysqlserver.Server, database string) *mysql.Store {
	t.Helper()
	store, _ := openStore(t, server, database)
	for i, slug := range []string{"larder", "bread", "fruit"} {
		if err := store.CreateCategory(t.Context(), catalogue.Category{Slug: slug, Name: strings.ToUpper(slug), Position: uint16(i)}, at); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// stock stores a product and returns it as it should be read.
func stock(t *testing.T, store *mysql.Store, p catalogue.Product, l catalogue.Level) catalogue.Item {
	t.Helper()
	id, err := store.CreateProduct(t.Context(), p, l)
	if err != nil {
		t.Fatal(err)
	}
	p.ID = id
	return catalogue.Item{Product: p, Stock: catalogue.Stock{ProductID: id, Level: l, Version: 1, UpdatedAt: p.UpdatedAt}}
}

func item(t *testing.T, store *mysql.Store, id uint64) catalogue.Item {
	t.Helper()
	got, err := store.Item(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func testProductRoundTrip(t *testing.T, server *mysqlserver.Server) {
	store := openGoods(t, server, "products")
	p := loaf()
	p.Price = 999_999_999_999
	want := stock(t, store, p, catalogue.Level{OnHand: 24, ReorderLevel: 6})
	if got := item(t, store, want.ID); !reflect.DeepEqual(got, want) {
		t.Errorf("Item = %+v, want %+v", got, want)
	}
	if _, err := store.CreateProduct(t.Context(), loaf(), catalogue.Level{}); !errors.Is(err, catalogue.ErrTaken) {
		t.Errorf("the same SKU again: %v, want %v", err, catalogue.ErrTaken)
	}
	if err := store.CreateCategory(t.Context(), catalogue.Category{Slug: "bread"}, at); !errors.Is(err, catalogue.ErrTaken) {
		t.Errorf("the same slug again: %v, want %v", err, catalogue.ErrTaken)
	}
	update := catalogue.ProductUpdate{ID: want.ID, Version: 1, At: at.Add(time.Hour), Listing: catalogue.Listing{
		Name: "x", Currency: "EUR", Attributes: map[string]string{}, Status: catalogue.StatusRetired,
	}}
	if won, err := store.UpdateProduct(t.Context(), update); err != nil || !won {
		t.Fatalf("UpdateProduct = %v, %v", won, err)
	}
	want.Listing, want.Version, want.UpdatedAt = update.Listing, 2, update.At
	if got := item(t, store, want.ID); !reflect.DeepEqual(got, want) {
		t.Errorf("after the update Item = %+v, want %+v", got, want)
	}
	if _, err := store.Item(t.Context(), want.ID+1); !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("an unknown product: %v, want %v", err, crudapp.ErrNotFound)
	}
}

func testItems(t *testing.T, server *mysqlserver.Server) {
	store := openGoods(t, server, "items")
	for _, one := range []struct {
		sku, name, description, category string
		status                           catalogue.Status
		onHand                           uint32
	}{
		{"A-1", "Rye", "100% rye", "bread", catalogue.StatusActive, 9},
		{"A-2", "Bun", "soft", "bread", catalogue.StatusDraft, 9},
		{"A-3", "Apple_pie", "sweet!", "bread", catalogue.StatusActive, 3},
		{"A-4", "Apple", "from a tree", "fruit", catalogue.StatusRetired, 0},
	} {
		p := loaf()
		p.SKU, p.Name, p.Description, p.Status, p.Categories = one.sku, one.name, one.description, one.status, []string{one.category}
		stock(t, store, p, catalogue.Level{OnHand: one.onHand, ReorderLevel: 3})
	}
	all, err := store.Items(t.Context(), catalogue.Query{Limit: 10})
	if err != nil || len(all) != 4 {
		t.Fatalf("%d products, %v, want 4", len(all), err)
	}
	for name, test := range map[string]struct {
		q    catalogue.Query
		want string
	}{
		"all":                    {catalogue.Query{Limit: 10}, "A-1 A-2 A-3 A-4"},
		"a page":                 {catalogue.Query{Limit: 2}, "A-1 A-2"},
		"the next page":          {catalogue.Query{Limit: 2, After: all[1].ID}, "A-3 A-4"},
		"a category":             {catalogue.Query{Limit: 10, Category: "fruit"}, "A-4"},
		"no such category":       {catalogue.Query{Limit: 10, Category: "FRUIT"}, ""},
		"letters of either case": {catalogue.Query{Limit: 10, Text: "APPLE"}, "A-3 A-4"},
		"text of a description":  {catalogue.Query{Limit: 10, Text: "tree"}, "A-4"},
		"a percent sign":         {catalogue.Query{Limit: 10, Text: "%"}, "A-1"},
		"an underscore":          {catalogue.Query{Limit: 10, Text: "e_p"}, "A-3"},
		"an exclamation mark":    {catalogue.Query{Limit: 10, Text: "!"}, "A-3"},
		"a SKU":                  {catalogue.Query{Limit: 10, Text: "A-2"}, "A-2"},
		"statuses":               {catalogue.Query{Limit: 10, Statuses: []catalogue.Status{catalogue.StatusDraft, catalogue.StatusRetired}}, "A-2 A-4"},
		"running low":            {catalogue.Query{Limit: 10, Low: true}, "A-3 A-4"},
		"all at once":            {catalogue.Query{Limit: 10, Low: true, Text: "apple", Category: "bread", Statuses: []catalogue.Status{catalogue.StatusActive}}, "A-3"},
	} {
		found, err := store.Items(t.Context(), test.q)
		if err != nil {
			t.Fatal(err)
		}
		var skus []string
		for _, i := range found {
			skus = append(skus, i.SKU)
		}
		if got := strings.Join(skus, " "); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func testProductRace(t *testing.T, server *mysqlserver.Server) {
	store := openGoods(t, server, "productrace")
	id := stock(t, store, loaf(), catalogue.Level{}).ID
	const writers = 20
	var wins [writers]bool
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			l := loaf().Listing
			l.Name, l.Categories = strings.Repeat("x", i+1), [][]string{{"bread"}, {"fruit"}, {"fruit", "larder"}, nil}[i%4]
			won, err := store.UpdateProduct(t.Context(), catalogue.ProductUpdate{ID: id, Version: 1, Listing: l, At: at})
			if err != nil {
				t.Errorf("UpdateProduct: %v", err)
			}
			wins[i] = won
		})
	}
	wg.Wait()
	stored := item(t, store, id)
	if stored.Version != 2 {
		t.Fatalf("the version is %d, want 2", stored.Version)
	}
	for i, won := range wins {
		if won != (len(stored.Name) == i+1) {
			t.Errorf("writer %d: won is %v while the stored name is %q", i, won, stored.Name)
		}
	}
}

func testStockApart(t *testing.T, server *mysqlserver.Server) {
	store := openGoods(t, server, "apart")
	was := stock(t, store, loaf(), catalogue.Level{OnHand: 5, ReorderLevel: 2})
	listing := was.Listing
	listing.Name = "Bread"
	if won, err := store.UpdateProduct(t.Context(), catalogue.ProductUpdate{ID: was.ID, Version: 1, Listing: listing, At: at}); err != nil || !won {
		t.Fatalf("UpdateProduct = %v, %v", won, err)
	}
	update := catalogue.StockUpdate{ProductID: was.ID, Version: 1, Level: catalogue.Level{OnHand: 4, ReorderLevel: 3}, At: at.Add(time.Minute)}
	for _, want := range []bool{true, false} {
		if won, err := store.UpdateStock(t.Context(), update); err != nil || won != want {
			t.Errorf("UpdateStock = %v, %v, want %v", won, err, want)
		}
	}
	want := catalogue.Stock{ProductID: was.ID, Level: update.Level, Version: 2, UpdatedAt: update.At}
	if got := item(t, store, was.ID); got.Stock != want || got.Name != "Bread" {
		t.Errorf("Item = %+v, want stock %+v and the name Bread", got, want)
	}
}

// testCategoriesDiffer expects of a category that stays that its row does, too.
func testCategoriesDiffer(t *testing.T, server *mysqlserver.Server) {
	store := openGoods(t, server, "differ")
	p := stock(t, store, loaf(), catalogue.Level{})
	db := mysqltest.DB(t, server, "differ")
	before := len(loggedStatements(t, db, "differ"))
	listing := p.Listing
	listing.Categories = []string{"bread", "fruit"}
	if won, err := store.UpdateProduct(t.Context(), catalogue.ProductUpdate{ID: p.ID, Version: 1, Listing: listing, At: at}); err != nil || !won {
		t.Fatalf("UpdateProduct = %v, %v", won, err)
	}
	var kinds []string
	for _, statement := range loggedStatements(t, db, "differ")[before:] {
		kinds = append(kinds, strings.Join(strings.Fields(statement)[:3], " "))
	}
	want := []string{"UPDATE products SET", "DELETE FROM product_categories", "INSERT INTO product_categories"}
	if !slices.Equal(kinds, want) {
		t.Errorf("the log has %q, want %q", kinds, want)
	}
	listing.Categories = []string{"bread", "gone"}
	if won, err := store.UpdateProduct(t.Context(), catalogue.ProductUpdate{ID: p.ID, Version: 2, Listing: listing, At: at}); won || !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("a category that is not there: %v, %v, want %v", won, err, crudapp.ErrNotFound)
	}
	listing.Categories = []string{"bread", "fruit"}
	if got := item(t, store, p.ID).Categories; !slices.Equal(got, listing.Categories) {
		t.Errorf("categories are %q, want %q", got, listing.Categories)
	}
}

func testRemovedProduct(t *testing.T, server *mysqlserver.Server) {
	store := openGoods(t, server, "removed")
	p := stock(t, store, loaf(), catalogue.Level{})
	for version, want := range []bool{false, true, false} {
		if won, err := store.RemoveProduct(t.Context(), p.ID, uint32(version), at); err != nil || won != want {
			t.Errorf("RemoveProduct at version %d = %v, %v, want %v", version, won, err, want)
		}
	}
	if won, err := store.UpdateProduct(t.Context(), catalogue.ProductUpdate{ID: p.ID, Version: 2, Listing: p.Listing, At: at}); err != nil || won {
		t.Errorf("UpdateProduct = %v, %v, want no change", won, err)
	}
	if _, err := store.Item(t.Context(), p.ID); !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("Item: %v, want %v", err, crudapp.ErrNotFound)
	}
	if found, err := store.Items(t.Context(), catalogue.Query{Limit: 10}); err != nil || len(found) > 0 {
		t.Errorf("Items = %+v, %v, want none", found, err)
	}
	if _, err := store.CreateProduct(t.Context(), loaf(), catalogue.Level{}); !errors.Is(err, catalogue.ErrTaken) {
		t.Errorf("its SKU again: %v, want %v", err, catalogue.ErrTaken)
	}
}

func testSeed(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "seed")
	goods := catalogue.New(catalogue.Options{Store: store})
	added, err := goods.Seed(t.Context())
	if err != nil || added.Categories < 5 || added.Products < 20 {
		t.Fatalf("Seed = %+v, %v", added, err)
	}
	page, err := goods.Browse(t.Context(), catalogue.Query{})
	if err != nil || len(page.Items) != min(added.Products, catalogue.PageSize) {
		t.Fatalf("%d products to buy, %v, want %d", len(page.Items), err, added.Products)
	}
	first := page.Items[0]
	if err := goods.Remove(t.Context(), first.ID, 1); err != nil {
		t.Fatal(err)
	}
	if again, err := goods.Seed(t.Context()); err != nil || again != (catalogue.Seeded{}) {
		t.Errorf("Seed again = %+v, %v, want nothing added", again, err)
	}
	if _, err := goods.Item(t.Context(), first.ID); !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("what was removed: %v, want %v", err, crudapp.ErrNotFound)
	}
}
