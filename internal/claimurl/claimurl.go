// Package claimurl reads where claim checks are kept: a directory, or a bucket of
// a server that speaks S3. The configuration is checked by it, and the reader
// opens what it names.
package claimurl

import (
	"errors"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
)

// Location is where claim checks are kept.
type Location struct {
	// Dir is a directory; where it is set, nothing else is.
	Dir string
	// Bucket is a bucket's name, and Prefix what the names of its objects begin
	// with, without a slash at either end. It may be empty.
	Bucket, Prefix string
	// Endpoint is the server, http or https, host and port. Empty is Amazon's.
	Endpoint string
	// Region is the server's region. Empty leaves it to the environment.
	Region string
}

const form = "want a directory, or s3://bucket/prefix?endpoint=https://host:port&region=name, of which only the bucket is needed"

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// Parse reads a directory's path, or a URL of the scheme s3 or file. Its errors do
// not hold the text, in which somebody may have put a secret: credentials have no
// place in it and are refused.
func Parse(text string) (Location, error) {
	scheme, _, isURL := strings.Cut(text, "://")
	switch {
	case !isURL && (strings.HasPrefix(text, "s3:") || strings.HasPrefix(text, "file:")):
		return Location{}, errors.New("it is no such URL; " + form)
	case !isURL:
		return directory(text)
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Opaque != "" || u.Fragment != "":
		return Location{}, errors.New("it is no such URL; " + form)
	case u.User != nil:
		return Location{}, errNoCredentials
	case scheme == "file" && u.Host == "" && u.RawQuery == "":
		return directory(filepath.FromSlash(u.Path))
	case scheme != "s3":
		return Location{}, errors.New("its scheme is not supported; " + form)
	case !bucketName.MatchString(u.Host):
		return Location{}, errors.New("a bucket's name has 3 to 63 small letters, digits, dots and hyphens; " + form)
	}
	at := Location{Bucket: u.Host, Prefix: strings.Trim(u.Path, "/")}
	return at, at.settings(u.RawQuery)
}

var errNoCredentials = errors.New("credentials have no place in it; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, or AWS_SHARED_CREDENTIALS_FILE to a file that holds them")

func directory(path string) (Location, error) {
	if path == "" {
		return Location{}, errors.New("it is empty; " + form)
	}
	return Location{Dir: path}, nil
}

// settings reads what stands behind the question mark.
func (l *Location) settings(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("what stands behind its question mark cannot be read; " + form)
	}
	for name, all := range values {
		switch {
		case len(all) != 1:
			return errors.New("a parameter is given twice; " + form)
		case name == "region":
			l.Region = all[0]
		case name == "endpoint":
			if l.Endpoint, err = endpoint(all[0]); err != nil {
				return err
			}
		case strings.Contains(strings.ToLower(name), "key"), strings.Contains(strings.ToLower(name), "secret"), strings.Contains(strings.ToLower(name), "token"):
			return errNoCredentials
		default: // Its name may be a typing error with a secret in it.
			return errors.New("it has a parameter that is neither endpoint nor region; " + form)
		}
	}
	return nil
}

func endpoint(text string) (string, error) {
	u, err := url.Parse(text)
	if err == nil && u.User != nil {
		return "", errNoCredentials
	}
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("its endpoint is not http or https, a host and a port; " + form)
	}
	return u.Scheme + "://" + u.Host, nil
}

// Object is the name of the object in the bucket that holds a claim check.
func (l Location) Object(name string) string {
	if l.Prefix == "" {
		return name
	}
	return l.Prefix + "/" + name
}

// URL is how a record refers to a claim check of the bucket: without the server,
// which whoever reads it may reach by another address.
func (l Location) URL(name string) string {
	return (&url.URL{Scheme: "s3", Host: l.Bucket, Path: "/" + l.Object(name)}).String()
}
