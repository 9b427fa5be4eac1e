package payment_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"telltale/crudapp/payment"
)

func TestInvoiceNumber(t *testing.T) {
	t.Parallel()
	for want, invoice := range map[string]payment.Invoice{
		"2026-000001":  {Year: 2026, Number: 1},
		"2026-000042":  {Year: 2026, Number: 42, IssuedAt: time.Now()},
		"2026-999999":  {Year: 2026, Number: 999_999},
		"2026-1000000": {Year: 2026, Number: 1_000_000},
	} {
		if got := invoice.String(); got != want {
			t.Errorf("%+v is %q, want %q", invoice, got, want)
		}
	}
}

// TestCardsByKey checks what a provider promises: one key, one reference, whatever
// card and however often, and a refusal that is forgotten.
func TestCardsByKey(t *testing.T) {
	t.Parallel()
	references := map[string]string{}
	for _, key := range []string{"order-1", "order-2", "order-1"} {
		if _, err := (payment.TestCard{}).Authorise(t.Context(), payment.Charge{Key: key, Credential: "4000 0000 0000 0002"}); !errors.Is(err, payment.ErrDeclined) {
			t.Errorf("%s: a card to be declined: %v", key, err)
		}
		for _, card := range []string{"4111111111111111", "4111 1111-1111 1111", "5555555555554444"} {
			reference, err := payment.TestCard{}.Authorise(t.Context(), payment.Charge{Key: key, Credential: card})
			if err != nil || references[key] != "" && references[key] != reference {
				t.Errorf("%s: Authorise = %q, %v, want what it was: %q", key, reference, err, references[key])
			}
			references[key] = reference
		}
	}
	if references["order-1"] == references["order-2"] || !strings.HasPrefix(references["order-1"], "test-") {
		t.Errorf("the references are %v, want two that say that they are a test's", references)
	}
	for _, card := range []string{"", "4", "4111111111111112", "4012888888881881"} {
		_, err := payment.TestCard{}.Authorise(t.Context(), payment.Charge{Key: "order-1", Credential: card})
		if _, ok := errors.AsType[*payment.BadCredential](err); !ok {
			t.Errorf("card %q: %v, want a BadCredential", card, err)
		}
	}
}

func TestTransfer(t *testing.T) {
	t.Parallel()
	want := map[string]string{" RF18 5390 0754 ": "RF18 5390 0754", strings.Repeat("é", 64): strings.Repeat("é", 64)}
	got := map[string]string{}
	for _, reference := range []string{"", " ", "a\ab", strings.Repeat("é", 65), " RF18 5390 0754 ", strings.Repeat("é", 64)} {
		answer, err := payment.Transfer{}.Authorise(t.Context(), payment.Charge{Credential: reference})
		if _, bad := errors.AsType[*payment.BadCredential](err); bad {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		got[reference] = answer
	}
	if !maps.Equal(got, want) {
		t.Errorf("accepted %q, want %q", got, want)
	}
}
