// ParleySQLite
