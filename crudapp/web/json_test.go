package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestReadJSON sends bodies that are not what a product is made of.
func TestReadJSON(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		``:                              "it has no body",
		`{"sku":`:                       "its JSON ends too early",
		`{"sku":"A"`:                    "its JSON ends too early",
		`{"sku":"A"} {}`:                "more than one JSON value",
		`{sku:"A"}`:                     "invalid character 's' looking for beginning of object key string",
		`[]`:                            "the body is an array, not an object",
		`{"colour":"red"}`:              `unknown field "colour"`,
		`{"sku":7}`:                     "sku is a number, not a string",
		`{"price":4.20}`:                "price is a number, not a string",
		`{"attributes":[]}`:             "attributes is an array, not an object",
		`{"categories":"bread"}`:        "categories is a string, not an array",
		`{"stock":{"on_hand":-2}}`:      "on_hand is the number -2, not a whole number from 0 to 4294967295",
		`{"stock":{"on_hand":1.5}}`:     "on_hand is the number 1.5, not a whole number from 0 to 4294967295",
		`{"stock":{"on_hand":{"n":1}}}`: "on_hand is an object, not a whole number from 0 to 4294967295",
		`{"hidden":"yes"}`:              "hidden is a string, not true or false",
		`{"address_id":-1}`:             "address_id is the number -1, not a whole number from 0",
	} {
		r := httptest.NewRequest(http.MethodPost, "/api/products", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		var into struct {
			SKU string `json:"sku"`
			listingJSON
			Stock     levelJSON `json:"stock"`
			Hidden    bool      `json:"hidden"`
			AddressID uint64    `json:"address_id"`
		}
		err := readJSON(r, &into)
		if full := "The request is not well formed: " + want + "."; err == nil || err.Error() != full {
			t.Errorf("%s: got %v, want %s", body, err, full)
		}
	}
}
