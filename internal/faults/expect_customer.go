package faults

// The rows of what belongs to a customer, as the record has them.
type (
	customerRow struct {
		ID    uint64 `json:"id"`
		Email string `json:"email"`
		Name  string `json:"name"`
		// Phone is empty where it is null.
		Phone string `json:"phone"`
	}
	signInRow struct {
		ID        uint64 `json:"id"`
		Customer  uint64 `json:"customer_id"`
		Address   string `json:"address"`
		UserAgent string `json:"user_agent"`
		At        string `json:"signed_in_at"`
	}
	addressRow struct {
		ID        uint64 `json:"id"`
		Customer  uint64 `json:"customer_id"`
		Recipient string `json:"recipient"`
		Street    string `json:"street"`
		// Postcode is empty where it is null.
		Postcode string `json:"postcode"`
		City     string `json:"city"`
		Country  string `json:"country"`
		Default  int    `json:"is_default"`
	}
	consentRow struct {
		Customer uint64 `json:"customer_id"`
		Given    int    `json:"given"`
		At       string `json:"decided_at"`
	}
)

// tell adds an event about a customer; what follows refers to it.
func (b *builder) tell(kind string, data values) error { return b.event(customers, kind, data) }

// last is the index of the event that was told last.
func (b *builder) last() int { return len(b.events[customers]) - 1 }

func (b *builder) mail(consumer, role, recipient string) {
	b.mails = append(b.mails, mail{consumer, b.last(), role, recipient})
}

func (b *builder) fact(what, old, new string) {
	last := b.last()
	b.facts = append(b.facts, fact{last, b.events[customers][last].kind, what, old, new, b.change.Actor, b.change.Request})
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (b *builder) customer(before, after customerRow) error {
	switch {
	case before.ID == 0:
		return b.registered(after)
	case after.ID == 0:
		return nil // No event tells of a customer who was deleted.
	}
	return b.updated(before, after)
}

func (b *builder) registered(c customerRow) error {
	if err := b.tell("CustomerRegistered", values{"id": c.ID, "name": c.Name, "email": c.Email, "country": country}); err != nil {
		return err
	}
	b.fact("name", none, c.Name)
	b.fact("email", none, c.Email)
	b.fact("country", none, country)
	b.email = c.Email
	b.mail("mailer", "customer", b.email)
	return nil
}

func (b *builder) updated(before, after customerRow) error {
	if before.Name != after.Name {
		if err := b.tell("CustomerNameChanged", values{"id": after.ID, "old_name": before.Name, "new_name": after.Name}); err != nil {
			return err
		}
		b.fact("name", before.Name, after.Name)
		b.mail("mailer", "customer", b.email)
	}
	if before.Email != after.Email {
		if err := b.tell("CustomerEmailChanged", values{"id": after.ID, "old_email": before.Email, "new_email": after.Email}); err != nil {
			return err
		}
		b.fact("email", before.Email, after.Email)
		b.mail("mailer", "old-address", before.Email)
		b.mail("mailer", "new-address", after.Email)
		b.email = after.Email
	}
	if before.Phone == after.Phone {
		return nil
	}
	err := b.tell("CustomerPhoneChanged", values{"id": after.ID, "old_phone": nullable(before.Phone), "new_phone": nullable(after.Phone)})
	if err != nil {
		return err
	}
	b.fact("phone", orNone(before.Phone), orNone(after.Phone))
	b.mail("mailer", "customer", b.email)
	return nil
}

func (b *builder) signIn(before, s signInRow) error {
	if before.ID != 0 {
		return nil // She was deleted, with her sign-ins.
	}
	err := b.tell("CustomerSignedIn", values{
		"id": s.Customer, "sign_in": s.ID, "address": s.Address, "user_agent": s.UserAgent, "at": s.At,
	})
	if err != nil {
		return err
	}
	b.fact("sign_in", none, s.Address)
	if b.known[s.Address] {
		return nil
	}
	b.known[s.Address] = true
	b.addresses = append(b.addresses, s.Address)
	b.mail("security", "customer", b.email)
	return nil
}

func (b *builder) address(before, after addressRow) error {
	data := values{
		"id": after.Customer, "address": after.ID, "recipient": after.Recipient, "street": after.Street,
		"postcode": nullable(after.Postcode), "city": after.City, "country": after.Country,
	}
	chosen := before.Default == 0 && after.Default == 1
	switch {
	case before.ID == 0:
		data["default"] = chosen
		return b.whole("AddressAdded", data)
	case after.ID == 0:
		return b.whole("AddressRemoved", values{"id": before.Customer, "address": before.ID})
	case chosen:
		return b.whole("AddressMadeDefault", values{"id": after.Customer, "address": after.ID})
	}
	return b.whole("AddressChanged", data)
}

// whole adds an event of which the history keeps the data as they are, but for whose
// they are.
func (b *builder) whole(kind string, data values) error {
	if err := b.tell(kind, data); err != nil {
		return err
	}
	delete(data, "id")
	rest, err := encode(data)
	if err != nil {
		return err
	}
	b.fact("data", none, rest)
	return nil
}

func (b *builder) consent(before, after consentRow) error {
	if before.Customer != 0 {
		return nil // She was deleted, with her decisions.
	}
	kind := "MarketingConsentWithdrawn"
	if after.Given == 1 {
		kind = "MarketingConsentGiven"
	}
	return b.whole(kind, values{"id": after.Customer, "at": after.At})
}
