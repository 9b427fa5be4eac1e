package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"telltale/crudapp"
	"telltale/crudapp/contact"
)

const addressesPath = "/account/addresses"

// addressPage is the data of an address's page.
type addressPage struct {
	// Address is as stored; nil where it is to be added.
	Address *contact.Address
	Form    versioned
	// Conflict is set where the address was to be removed and had been changed
	// elsewhere.
	Conflict bool
}

// postalFields are the inputs of an address.
func postalFields(p contact.Postal) []field {
	return []field{
		{Name: contact.FieldRecipient, Label: "Recipient", Type: "text", Autocomplete: "name", Value: p.Recipient, Required: true},
		{Name: contact.FieldStreet, Label: "Street", Type: "textarea", Autocomplete: "street-address", Value: p.Street, Required: true},
		{Name: contact.FieldPostcode, Label: "Postcode", Type: "text", Autocomplete: "postal-code", Value: p.Postcode},
		{Name: contact.FieldCity, Label: "Town or city", Type: "text", Autocomplete: "address-level2", Value: p.City, Required: true},
		{Name: contact.FieldCountry, Label: "Country", Type: "select", Autocomplete: "country", Value: p.Country, Choices: countries()},
	}
}

// postalOf returns the address that a form's fields say.
func postalOf(fields []field) contact.Postal {
	return contact.Postal{
		Recipient: valueOf(fields, contact.FieldRecipient),
		Street:    valueOf(fields, contact.FieldStreet),
		Postcode:  valueOf(fields, contact.FieldPostcode),
		City:      valueOf(fields, contact.FieldCity),
		Country:   valueOf(fields, contact.FieldCountry),
	}
}

// addressPath is where one of a customer's addresses is shown.
func addressPath(id uint64) string { return addressesPath + "/" + strconv.FormatUint(id, 10) }

func (s *server) showAddresses(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	all, err := s.contact.Addresses(r.Context(), c.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, page{name: "addresses", customer: &c, data: all})
}

// blankAddress is a form for a customer's new address, which goes on to where the
// request says that it shall. No stored version is below the zero that it carries.
func blankAddress(r *http.Request, c crudapp.Customer) versioned {
	action := addressesPath
	if next := askedNext(r); next != "" {
		action += "?" + url.Values{"next": {next}}.Encode()
	}
	return opened(addressesPath+"/new", action, 0, postalFields(contact.Postal{Recipient: c.Name, Country: c.Country}))
}

func (s *server) showNewAddress(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	s.render(w, r, page{name: "address", customer: &c, data: addressPage{Form: blankAddress(r, c)}})
}

func (s *server) addAddress(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	form, err := blankAddress(r, c).posted(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	_, err = s.contact.Add(r.Context(), c.ID, postalOf(form.Fields))
	s.afterAddress(w, r, c, addressPage{Form: form}, err)
}

// openAddress returns the page of the address that the request names, with its form
// made from what is stored.
func (s *server) openAddress(r *http.Request, c crudapp.Customer) (addressPage, error) {
	id, err := pathID(r)
	if err != nil {
		return addressPage{}, err
	}
	a, err := s.contact.Address(r.Context(), c.ID, id)
	if err != nil {
		return addressPage{}, err
	}
	path := addressPath(id)
	return addressPage{Address: &a, Form: opened(path, path, a.Version, postalFields(a.Postal))}, nil
}

func (s *server) showAddress(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	data, err := s.openAddress(r, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, page{name: "address", customer: &c, data: data})
}

func (s *server) changeAddress(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	data, err := s.openAddress(r, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if data.Form, err = data.Form.posted(r); err != nil {
		s.fail(w, r, err)
		return
	}
	_, err = s.contact.Change(r.Context(), c.ID, data.Address.ID, data.Form.Version, postalOf(data.Form.Fields))
	if conflict, ok := errors.AsType[*contact.AddressConflict](err); ok {
		data.Address = &conflict.Stored
		data.Form = data.Form.against(conflict.Stored.Version, postalFields(*conflict.Yours), postalFields(conflict.Stored.Postal))
	}
	s.afterAddress(w, r, c, data, err)
}

// afterAddress leads to the addresses after a change, or to where the request says, or shows the page again of one
// that could not be made, with the person's values and the reason.
func (s *server) afterAddress(w http.ResponseWriter, r *http.Request, c crudapp.Customer, data addressPage, err error) {
	status := http.StatusConflict
	problems, invalid := problemsOf(err)
	switch {
	case err == nil:
		http.Redirect(w, r, cmp.Or(askedNext(r), addressesPath), http.StatusSeeOther)
		return
	case invalid:
		data.Form, status = data.Form.refused(problems), http.StatusUnprocessableEntity
	case crudapp.ErrorCode(err) != crudapp.CodeConflict:
		s.fail(w, r, err)
		return
	}
	s.render(w, r, page{name: "address", status: status, customer: &c, data: data})
}

func (s *server) removeAddress(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	data, err := s.openAddress(r, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if err := parseForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	version, err := postedVersion(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	err = s.contact.Remove(r.Context(), c.ID, data.Address.ID, version)
	data.Conflict = err != nil
	s.afterAddress(w, r, c, data, err)
}

func (s *server) makeDefault(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	id, err := pathID(r)
	if err == nil {
		err = s.contact.MakeDefault(r.Context(), c.ID, id)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, addressesPath, http.StatusSeeOther)
}

// decide notes whether the customer wants to hear of offers.
func (s *server) decide(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	if err := parseForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	given, err := strconv.ParseBool(r.PostForm.Get("given"))
	if err != nil {
		s.fail(w, r, malformed(errors.New("given is neither true nor false")))
		return
	}
	_, err = s.contact.Decide(r.Context(), c.ID, given)
	s.leadTo(w, r, accountPath, err)
}
