package config

import (
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

	"telltale/internal/claimurl"
)

// hidden stands where a secret was.
const hidden = "***"

// claimsKind is a value that must not hold a secret, and so has no file for one.
const claimsKind = "claims"

// fileSuffix ends the key that names a file instead of holding the secret itself.
const fileSuffix = "_file"

// readSecrets fills in the secrets that stages need and that are kept in files.
// A trailing line end, which editors leave, is no part of a secret.
func (l loader) readSecrets(o Options) {
	all := fields()
	for i, f := range all {
		if f.secret == "" || i+1 == len(all) || all[i+1].key != f.key+fileSuffix || !needed(f.key, o.Stages) {
			continue
		}
		if o.NoMail && strings.HasPrefix(f.key, "consumers.smtp.") {
			continue
		}
		l.readSecret(f, all[i+1])
	}
}

func (l loader) readSecret(secret, file field) {
	path := file.of(l.Config).String()
	if path == "" {
		return
	}
	if secret.typ.Kind() == reflect.Slice {
		l.readProperties(secret, file, path)
		return
	}
	if secret.of(l.Config).String() != "" {
		l.found.refuse(secret.key, "`%s` in %v and `%s` in %v are both set; keep one",
			secret.key, l.origins[secret.key], file.key, l.origins[file.key])
		return
	}
	text, ok := l.readFile(secret, file, path)
	if !ok {
		return
	}
	value := strings.TrimRight(text, "\r\n")
	if value == "" {
		l.found.refuse(secret.key, "`%s` in %v: %s is empty", file.key, l.origins[file.key], path)
		return
	}
	l.origins.set(secret.key, fromSecretFile(path))
	reflect.ValueOf(&l.Config).Elem().FieldByIndex(secret.index).SetString(value)
}

func (l loader) readFile(secret, file field, path string) (text string, ok bool) {
	raw, err := os.ReadFile(path)
	if err != nil {
		l.found.refuse(secret.key, "`%s` in %v: read the secret: %v", file.key, l.origins[file.key], err)
		return "", false
	}
	return string(raw), true
}

// readProperties adds the lines of a file to a list of key=value. A key that is
// given twice would leave it to the order of the two which one counts.
func (l loader) readProperties(list, file field, path string) {
	text, ok := l.readFile(list, file, path)
	if !ok {
		return
	}
	value := reflect.ValueOf(&l.Config).Elem().FieldByIndex(list.index)
	given := make(map[string]string) // Where each key was set.
	for i := range value.Len() {
		given[propertyName(value.Index(i).String())] = l.origins.of(item(list.key, i)).String()
	}
	for n, line := range slices.Collect(strings.Lines(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		from, name := origin{name: path, line: n + 1}, propertyName(line)
		if earlier, twice := given[name]; twice && name != line { // A line without a key may be a secret.
			l.found.add("`%s` in %v: %s is set in %v too; keep one", list.key, from, name, earlier)
		}
		given[name] = from.String()
		l.origins[item(list.key, value.Len())] = from
		value.Set(reflect.Append(value, reflect.ValueOf(line)))
	}
}

func propertyName(property string) string {
	name, _, _ := strings.Cut(property, "=")
	return strings.TrimSpace(name)
}

// mask returns value without its secrets; kind is a field's tag. A data source
// name that cannot be parsed is hidden whole, since nobody knows what in it is the
// password.
func mask(kind, value string) string {
	if value == "" {
		return ""
	}
	switch kind {
	case "dsn":
		return maskDSN(value)
	case "password":
		return hidden
	case "properties":
		return maskProperty(value)
	case claimsKind: // What is refused may be a URL with a secret in it.
		if _, err := claimurl.Parse(value); err != nil {
			return hidden
		}
	}
	return value
}

func maskDSN(dsn string) string {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return hidden
	}
	if cfg.Passwd == "" {
		return dsn
	}
	// The driver's own rule: the password ends at the last @ before the last slash.
	path := strings.LastIndexByte(dsn, '/')
	at := strings.LastIndexByte(dsn[:path], '@')
	return cfg.User + ":" + hidden + dsn[at:]
}

// secretNames occur in the names of the librdkafka settings that hold secrets.
var secretNames = []string{"password", "passphrase", "secret", "key.pem", "private.key", "oauthbearer.config", "jaas"}

// maskProperty hides a librdkafka setting that by its name holds a secret, or that
// is a URL with an account in it.
func maskProperty(property string) string {
	name, value, ok := strings.Cut(property, "=")
	if !ok {
		return hidden
	}
	in := func(part string) bool { return strings.Contains(strings.ToLower(name), part) }
	if slices.ContainsFunc(secretNames, in) || strings.Contains(value, "://") && strings.Contains(value, "@") {
		return name + "=" + hidden
	}
	return property
}
