package payment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Card is one of the numbers that a TestCard knows.
type Card struct {
	// Number has no spaces.
	Number string
	// Does says what paying with it does.
	Does string
	pays bool
}

// TestCards returns the cards that a TestCard knows. Their numbers are not those of
// anybody's account.
func TestCards() []Card {
	return []Card{
		{Number: "4111111111111111", Does: "pays", pays: true},
		{Number: "5555555555554444", Does: "pays", pays: true},
		{Number: "4000000000000002", Does: "is declined"},
	}
}

// TestCard stands in for a provider of card payments, with cards of which some are
// agreed to and some declined. No money moves.
type TestCard struct{}

var _ Provider = TestCard{}

// Authorise implements Provider. The reference follows from the key, so that it is
// the same another time without anything being remembered.
func (TestCard) Authorise(_ context.Context, c Charge) (string, error) {
	number := strings.NewReplacer(" ", "", "-", "").Replace(c.Credential)
	for _, card := range TestCards() {
		switch {
		case card.Number != number:
		case card.pays:
			hash := sha256.Sum256([]byte(c.Key))
			return "test-" + hex.EncodeToString(hash[:8]), nil
		default:
			return "", ErrDeclined
		}
	}
	return "", &BadCredential{Message: "This is none of the test cards. Never enter a real one here."}
}
