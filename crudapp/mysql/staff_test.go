package mysql_test

import (
	"errors"
	"testing"
	"time"

	"telltale/crudapp"
	"telltale/internal/mysqlserver"
)

func testStaff(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "staff")
	ctx := t.Context()
	mary := crudapp.Staff{Email: "mary@example.com", Name: "Mary", CreatedAt: at}
	var err error
	if mary.ID, err = store.CreateStaff(ctx, mary, "hash"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.CreateStaff(ctx, mary, "other"); !errors.Is(err, crudapp.ErrEmailTaken) {
		t.Errorf("the same address again: %v, want %v", err, crudapp.ErrEmailTaken)
	}
	if got, hash, err := store.StaffByEmail(ctx, mary.Email); err != nil || got != mary || hash != "hash" {
		t.Errorf("StaffByEmail = %+v, %q, %v, want %+v", got, hash, err, mary)
	}
	if _, _, err := store.StaffByEmail(ctx, "Mary@example.com"); !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("an unknown address: %v, want %v", err, crudapp.ErrNotFound)
	}

	session := func(n byte) crudapp.StaffSession {
		return crudapp.StaffSession{
			TokenHash: crudapp.TokenHash{0: n, 31: 0xff}, StaffID: mary.ID,
			CreatedAt: at, ExpiresAt: at.Add(12 * time.Hour), LastSeenAt: at.Add(time.Hour),
		}
	}
	ended, idle, open := session(1), session(2), session(3)
	ended.ExpiresAt, idle.LastSeenAt = at.Add(time.Hour), at
	for _, s := range []crudapp.StaffSession{ended, idle, open} {
		if err := store.CreateStaffSession(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	open.LastSeenAt = at.Add(2 * time.Hour)
	if err := store.TouchStaffSession(ctx, open.TokenHash, open.LastSeenAt); err != nil {
		t.Fatal(err)
	}
	if err := store.DeleteStaffSessions(ctx, mary.ID, at.Add(time.Hour), at); err != nil {
		t.Fatal(err)
	}
	for _, s := range []crudapp.StaffSession{ended, idle} {
		if _, _, err := store.StaffSession(ctx, s.TokenHash); !errors.Is(err, crudapp.ErrNotFound) {
			t.Errorf("session %d: %v, want %v", s.TokenHash[0], err, crudapp.ErrNotFound)
		}
	}
	if got, who, err := store.StaffSession(ctx, open.TokenHash); err != nil || got != open || who != mary {
		t.Errorf("StaffSession = %+v, %+v, %v, want %+v, %+v", got, who, err, open, mary)
	}
	if err := store.DeleteStaffSession(ctx, open.TokenHash); err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.StaffSession(ctx, open.TokenHash); !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("after DeleteStaffSession: %v, want %v", err, crudapp.ErrNotFound)
	}
}
