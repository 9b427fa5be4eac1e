package shipment_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"telltale/crudapp"
	"telltale/crudapp/shipment"
)

func TestShipRefuses(t *testing.T) {
	t.Parallel()
	shipments := shipment.New(shipment.Options{})
	for name, test := range map[string]struct {
		p    shipment.Parcel
		want string
	}{
		"nobody":         {shipment.Parcel{Carrier: " ", Tracking: "1"}, "carrier"},
		"a long carrier": {shipment.Parcel{Carrier: strings.Repeat("é", 51)}, "carrier"},
		"a long number":  {shipment.Parcel{Carrier: "Bike", Tracking: strings.Repeat("1", 65)}, "tracking"},
		"bells":          {shipment.Parcel{Carrier: "a\ab", Tracking: "\a1"}, "carrier tracking"},
	} {
		_, err := shipments.Ship(t.Context(), 1, 2, 3, test.p)
		problem, ok := errors.AsType[*crudapp.Error](err)
		if !ok {
			t.Errorf("%s: got %v, want an error about %s", name, err, test.want)
			continue
		}
		if got := strings.Join(slices.Sorted(maps.Keys(problem.Fields)), " "); got != test.want {
			t.Errorf("%s: got an error about %s, want %s", name, got, test.want)
		}
	}
}
