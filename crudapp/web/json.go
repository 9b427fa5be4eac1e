package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
)

// readJSON reads a body that is one JSON value with no members that into lacks.
func readJSON(r *http.Request, into any) error {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" {
		return errMediaType
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return bodyError(inWords(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return malformed(errors.New("more than one JSON value"))
	}
	return nil
}

// inWords says what is wrong with a body in the words of who sent it, where the decoder
// says it in those of this program.
func inWords(err error) error {
	wrong, isType := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("it has no body")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("its JSON ends too early")
	case isType && wrong.Field == "":
		return fmt.Errorf("the body is %s, not %s", article(wrong.Value), wantedJSON(wrong.Type))
	case isType:
		// The path holds names of this program's too.
		return fmt.Errorf("%s is %s, not %s", wrong.Field[strings.LastIndex(wrong.Field, ".")+1:], article(wrong.Value), wantedJSON(wrong.Type))
	}
	if text, ok := strings.CutPrefix(err.Error(), "json: "); ok {
		return errors.New(text)
	}
	return err
}

// article puts an article before what the decoder calls a JSON value, where it needs
// one: "number -2" does not.
func article(value string) string {
	switch {
	case strings.Contains(value, " "):
		return "the " + value
	case value == "array" || value == "object":
		return "an " + value
	}
	return "a " + value
}

// wantedJSON says in words which JSON value a type is made of.
func wantedJSON(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return fmt.Sprintf("a whole number from 0 to %d", uint64(1)<<t.Bits()-1)
	case reflect.Uint64:
		return "a whole number from 0"
	case reflect.Slice:
		return "an array"
	default:
		return "an object"
	}
}

// writeList answers with a part of a list, under its name and each shown by show. next
// is the id that the query for what follows names, 0 where nothing does.
func writeList[T, J any](w http.ResponseWriter, name string, part []T, next uint64, show func(T) J) {
	shown := make([]J, len(part))
	for i, one := range part {
		shown[i] = show(one)
	}
	list := map[string]any{name: shown, "next": nil}
	if next > 0 {
		list["next"] = next
	}
	writeJSON(w, http.StatusOK, list)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A client that went away is no error of the shop.
	_ = json.NewEncoder(w).Encode(value)
}
