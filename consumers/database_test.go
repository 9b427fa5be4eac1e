package consumers

import "testing"

// What handlers and the engine rely on holds whatever else the DSN asks for.
func TestSessionConfig(t *testing.T) {
	t.Parallel()
	c, err := sessionConfig("u:p@tcp(127.0.0.1:3306)/reactions?clientFoundRows=true&parseTime=false&interpolateParams=false&loc=Local&tx_isolation='SERIALIZABLE'")
	if err != nil {
		t.Fatal(err)
	}
	if c.ClientFoundRows {
		t.Error("rows that were found count as affected, so that nothing that comes again is known")
	}
	if !c.ParseTime || !c.InterpolateParams || c.Loc.String() != "UTC" {
		t.Errorf("parse times: %v, interpolate: %v, zone: %v", c.ParseTime, c.InterpolateParams, c.Loc)
	}
	if _, both := c.Params[isolation]; both || c.Params["tx_isolation"] != "'SERIALIZABLE'" {
		t.Errorf("isolation: got %v, want the DSN's own", c.Params)
	}
}
