package claimurl_test

import (
	"strings"
	"testing"

	"telltale/internal/claimurl"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want claimurl.Location
		url  string // Of a claim check named n.json.
	}{
		{"/var/lib/claims", claimurl.Location{Dir: "/var/lib/claims"}, ""},
		{"claims of today?", claimurl.Location{Dir: "claims of today?"}, ""},
		{"file:///var/lib/claims%20here", claimurl.Location{Dir: "/var/lib/claims here"}, ""},
		{"s3://claims", claimurl.Location{Bucket: "claims"}, "s3://claims/n.json"},
		{"s3://claims.eu/shop/raw/", claimurl.Location{Bucket: "claims.eu", Prefix: "shop/raw"}, "s3://claims.eu/shop/raw/n.json"},
		{
			"s3://claims/a?region=eu-central-1&endpoint=https%3A%2F%2Fs3.example.com:9000/",
			claimurl.Location{Bucket: "claims", Prefix: "a", Region: "eu-central-1", Endpoint: "https://s3.example.com:9000"},
			"s3://claims/a/n.json",
		},
		{
			"s3://claims?endpoint=http://127.0.0.1:9000",
			claimurl.Location{Bucket: "claims", Endpoint: "http://127.0.0.1:9000"},
			"s3://claims/n.json",
		},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			got, err := claimurl.Parse(tt.text)
			if err != nil || got != tt.want {
				t.Fatalf("got %+v and %v, want %+v", got, err, tt.want)
			}
			if got.Dir == "" && got.URL("n.json") != tt.url {
				t.Errorf("got URL %s, want %s", got.URL("n.json"), tt.url)
			}
		})
	}
}

// What is refused is not repeated: it may hold a secret.
func TestRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"nothing", "", "it is empty"},
		{"an account", "s3://hunter:hunter2@claims/a", "AWS_SHARED_CREDENTIALS_FILE"},
		{"an account in the endpoint", "s3://claims?endpoint=https://hunter:hunter2@example.com", "AWS_SHARED_CREDENTIALS_FILE"},
		{"a key", "s3://claims?secret_access_key=hunter2", "AWS_SHARED_CREDENTIALS_FILE"},
		{"another setting", "s3://claims?hunter2=1", "neither endpoint nor region"},
		{"two regions", "s3://claims?region=hunter2&region=b", "given twice"},
		{"an endpoint without a scheme", "s3://claims?endpoint=hunter2:9000", "its endpoint is not"},
		{"an endpoint with a path", "s3://claims?endpoint=https://hunter2/path", "its endpoint is not"},
		{"another scheme", "gs://hunter2", "not supported"},
		{"no bucket", "s3:///hunter2", "a bucket's name"},
		{"capitals", "s3://Hunter2", "a bucket's name"},
		{"a fragment", "s3://claims#hunter2", "no such URL"},
		{"no URL", "s3://claims:hunter2", "no such URL"},
		{"one slash", "s3:/hunter2/a", "no such URL"},
		{"a broken query", "s3://claims?a=%hunter2", "cannot be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := claimurl.Parse(tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(strings.ToLower(err.Error()), "hunter") {
				t.Errorf("got %+v and %v, want an error that says %q and not what was given", got, err, tt.want)
			}
		})
	}
}
