# Makes the databases and an account for each of those who use them, with no more
# rights than it needs. The MySQL image sources this file once, when its data
# directory is new, and brings docker_process_sql.

# literal prints a text as a literal of SQL.
literal() {
  local text=${1//\\/\\\\}
  printf "'%s'" "${text//\'/\'\'}"
}

docker_process_sql <<SQL
CREATE DATABASE shop CHARACTER SET utf8mb4;
CREATE DATABASE telltale CHARACTER SET utf8mb4;

-- Changes the shop's tables, and is used by nothing that stays running.
CREATE USER shop_owner IDENTIFIED BY $(literal "$SHOP_OWNER_PASSWORD");
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES ON shop.* TO shop_owner;

-- The shop: rows alone.
CREATE USER shop IDENTIFIED BY $(literal "$SHOP_PASSWORD");
GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO shop;

-- The binlog reader: SELECT is for the shapes of tables; it writes nothing.
CREATE USER telltale IDENTIFIED BY $(literal "$READER_PASSWORD");
GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO telltale;
GRANT SELECT ON shop.* TO telltale;

-- The consumers, in a database of their own, whose tables they make themselves.
CREATE USER consumers IDENTIFIED BY $(literal "$CONSUMERS_PASSWORD");
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES ON telltale.* TO consumers;
SQL
