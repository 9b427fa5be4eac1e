package config

import (
	"os"
	"reflect"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// hidden stands where a secret was.
const hidden = "***"

// fileSuffix ends the key that names a file instead of holding the secret itself.
const fileSuffix = "_file"

// readSecrets fills in the secrets that stages need and that are kept in files.
// A trailing line end, which editors leave, is no part of a secret.
func (l loader) readSecrets(stages []Stage) {
	all := fields()
	for i, f := range all {
		if f.secret == "" || i+1 == len(all) || all[i+1].key != f.key+fileSuffix || !needed(f.key, stages) {
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
	if secret.of(l.Config).String() != "" {
		l.found.refuse(secret.key, "`%s` in %v and `%s` in %v are both set; keep one",
			secret.key, l.origins[secret.key], file.key, l.origins[file.key])
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		l.found.refuse(secret.key, "`%s` in %v: read the secret: %v", file.key, l.origins[file.key], err)
		return
	}
	value := strings.TrimRight(string(text), "\r\n")
	if value == "" {
		l.found.refuse(secret.key, "`%s` in %v: %s is empty", file.key, l.origins[file.key], path)
		return
	}
	l.origins.set(secret.key, fromSecretFile(path))
	reflect.ValueOf(&l.Config).Elem().FieldByIndex(secret.index).SetString(value)
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

// maskProperty hides a librdkafka setting that by its name holds a secret.
func maskProperty(property string) string {
	name, _, ok := strings.Cut(property, "=")
	if !ok {
		return hidden
	}
	for _, part := range []string{"password", "passphrase", "secret", "key.pem", "private.key", "oauthbearer.config", "jaas"} {
		if strings.Contains(strings.ToLower(name), part) {
			return name + "=" + hidden
		}
	}
	return property
}
