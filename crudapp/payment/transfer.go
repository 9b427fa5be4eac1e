package payment

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"telltale/crudapp"
)

const maxReferenceRunes = 64

// Transfer is the Provider of money that is there already: whoever looks after the
// shop's account has seen it, and says which reference the bank has for it.
type Transfer struct{}

var _ Provider = Transfer{}

// Authorise implements Provider.
func (Transfer) Authorise(_ context.Context, c Charge) (string, error) {
	reference := strings.TrimSpace(c.Credential)
	switch {
	case reference == "":
		return "", &BadCredential{Message: "Enter the reference from the bank statement."}
	case !crudapp.Printable(reference):
		return "", &BadCredential{Message: "A reference cannot contain control characters."}
	case utf8.RuneCountInString(reference) > maxReferenceRunes:
		return "", &BadCredential{Message: fmt.Sprintf("A reference can have at most %d characters.", maxReferenceRunes)}
	}
	return reference, nil
}
