"""Records what Alembic 1.20.1 prints/raises for a branching DAG (SQLite backend), for use as golden tests."""
import os, sys, io, shutil, textwrap, contextlib, logging, sqlite3
D = os.path.dirname(os.path.abspath(__file__)); E = D + "/env"; DB = D + "/g.db"
def write(revs):
    shutil.rmtree(E, ignore_errors=True); os.makedirs(E + "/versions")
    open(E + "/alembic.ini", "w").write(f"[alembic]\nscript_location = {E}\nsqlalchemy.url = sqlite:///{DB}\n")
    tpl = os.path.join(os.path.dirname(__import__('alembic').__file__), "templates/generic/script.py.mako")
    shutil.copy(tpl, E + "/script.py.mako")
    open(E + "/env.py", "w").write(textwrap.dedent('''
        from alembic import context; from sqlalchemy import create_engine, pool, MetaData, Table, Column, Integer
        url = context.config.get_main_option("sqlalchemy.url")
        md = MetaData(); Table("zoo", md, Column("id", Integer, primary_key=True))
        if context.is_offline_mode():
            context.configure(url=url, dialect_name="postgresql", literal_binds=True, target_metadata=md)
            with context.begin_transaction(): context.run_migrations()
        else:
            e = create_engine(url, poolclass=pool.NullPool)
            with e.connect() as c:
                context.configure(connection=c, target_metadata=md)
                with context.begin_transaction(): context.run_migrations()
    '''))
    for r, d, lab, dep, msg in revs:
        open(f"{E}/versions/{r}_.py", "w").write(f'"""{msg}\n\nRevision ID: {r}\nRevises: {d}\n\n"""\nfrom alembic import op\nrevision={r!r}\ndown_revision={d!r}\nbranch_labels={lab!r}\ndepends_on={dep!r}\ndef upgrade(): op.execute("select \'up {r}\'")\ndef downgrade(): op.execute("select \'down {r}\'")\n')
LINEAR = [("aaaa01", None, None, None, "init"), ("aaaa02", "aaaa01", None, None, "add users"), ("aaaa03", "aaaa02", None, None, "add email")]
BR = LINEAR + [("bbbb02", "aaaa01", ("feature",), None, "feature start"), ("bbbb03", "bbbb02", None, None, "feature more")]
MULTI = BR + [("cccc01", None, ("billing",), None, "billing init"), ("cccc02", "cccc01", None, "aaaa02", "billing uses users")]
MERGED = BR + [("mmmm04", ("aaaa03", "bbbb03"), None, None, "merge"), ("aaaa05", "mmmm04", None, None, "after merge")]
logging.basicConfig(stream=sys.stderr, level=logging.WARN)
h = logging.StreamHandler(); h.setFormatter(logging.Formatter("%(levelname)-5.5s [%(name)s] %(message)s"))
lg = logging.getLogger("alembic"); lg.setLevel(logging.INFO); lg.propagate = False
def run(*argv, fresh=False):
    from alembic.config import CommandLine
    if fresh:
        print('-- new database')
        if os.path.exists(DB): os.remove(DB)
    for m in [m for m in sys.modules if m in ("env_py",)]: del sys.modules[m]
    out, err = io.StringIO(), io.StringIO(); code = 0
    h.setStream(err); lg.handlers = [h]
    import alembic.config as ac; ac.Config.print_stdout = lambda self, text, *a: print(str(text) % a, file=out)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try: CommandLine().main(["-c", E + "/alembic.ini", *argv])
        except SystemExit as e: code = e.code
        except Exception as e: code = f"EXC {type(e).__name__}"; print(f"{type(e).__name__}: {e}", file=err)
    o = out.getvalue().replace(E, "$ENV").replace(D, "$D"); x = err.getvalue().replace(E, "$ENV").replace(D, "$D")
    x = "\n".join(l for l in x.splitlines() if "Context impl" not in l and "Will assume" not in l and "Generating static" not in l and "alembic.util.messaging" not in l and "setting up autogenerate plugin" not in l and "Loading config" not in l)
    rows = []
    if os.path.exists(DB):
        c = sqlite3.connect(DB)
        try: rows = sorted(r[0] for r in c.execute("select version_num from alembic_version"))
        except Exception: rows = "no table"
        c.close()
    print(f"$ alembic {' '.join(argv)}   [exit {code}] [version rows {rows}]")
    for l in (o.rstrip() + "\n" + x.rstrip()).strip().splitlines(): print("   | " + l)
def sec(t): print(f"\n===== {t}")
sec("LINEAR aaaa01 -> aaaa02 -> aaaa03"); write(LINEAR)
for a in (["heads"], ["history"], ["history","-v"], ["history","-r",":aaaa02"], ["history","-r","aaaa02:"], ["history","-r","-2:"], ["show","aaaa02"], ["show","head"]): run(*a)
run("current", fresh=True); run("upgrade","+1"); run("current"); run("current","-v"); run("history","-i"); run("history","-r","current:"); run("upgrade","+5"); run("upgrade","+2"); run("upgrade","head"); run("upgrade","+1"); run("current","--check-heads")
run("downgrade","-1"); run("current","--check-heads"); run("upgrade","aaaa01"); run("downgrade","aaaa02"); run("downgrade","aaaa03"); run("downgrade","-5"); run("downgrade","base"); run("downgrade","base"); run("downgrade","-1"); run("downgrade","head")
run("upgrade","aaaa01+1"); run("downgrade","head-2"); run("upgrade","aa"); run("upgrade","aaaa"); run("upgrade","zzzz99"); run("upgrade","aaaa03:aaaa01"); run("upgrade","base")
run("stamp","aaaa03"); run("stamp","aaaa01"); run("stamp","base"); run("stamp","head"); run("stamp","--purge","aaaa02"); run("stamp","heads"); run("stamp","zzzz")
c = sqlite3.connect(DB); c.execute("delete from alembic_version"); c.execute("insert into alembic_version values('ghost99')"); c.commit(); c.close()
run("upgrade","head"); run("current"); run("stamp","head"); run("stamp","--purge","head"); run("check"); run("ensure_version", fresh=True)
sec("offline"); run("upgrade","head","--sql", fresh=True); run("upgrade","aaaa01:aaaa03","--sql"); run("downgrade","aaaa02","--sql"); run("downgrade","aaaa03:aaaa01","--sql"); run("stamp","aaaa02","--sql"); run("stamp","aaaa01:aaaa02","--sql"); run("upgrade","+1","--sql"); run("upgrade","aaaa01:+1","--sql")
sec("BRANCHED: a1->{a2->a3, b2(feature)->b3}"); write(BR)
for a in (["heads"],["heads","-v"],["branches"],["branches","-v"],["history"],["show","heads"],["show","feature@head"],["show","feature@base"]): run(*a)
run("upgrade","head", fresh=True); run("upgrade","heads"); run("current"); run("current","-v"); run("downgrade","-1"); run("upgrade","heads"); run("downgrade","feature@-1"); run("downgrade","feature@-1"); run("downgrade","aaaa01"); run("upgrade","+1"); run("upgrade","feature@+1"); run("upgrade","feature@head"); run("upgrade","+1"); run("upgrade","heads"); run("downgrade","feature@base"); 
run("upgrade","aaaa03", fresh=True); run("upgrade","feature@head"); run("downgrade","aaaa02"); run("upgrade","heads"); run("downgrade","aaaa01"); run("downgrade","base"); run("upgrade","nope@head"); run("upgrade","feature@aaaa03"); run("upgrade","aaaa03@head"); run("revision","-m","x"); run("revision","-m","x","--head","aaaa02"); run("revision","--rev-id","bad-id","-m","x"); run("stamp","head"); run("stamp","heads"); run("stamp","aaaa01"); run("merge","aaaa02","bbbb03","-m","m"); run("merge","aaaa03","aaaa03","-m","m"); run("merge","heads","-m","m","--rev-id","mmmm04"); run("heads"); run("history"); 
sec("MERGED"); write(MERGED); run("history"); run("upgrade","head", fresh=True); run("downgrade","-1"); run("downgrade","-1"); run("downgrade","aaaa03"); run("upgrade","head"); run("downgrade","aaaa03"); run("upgrade","head"); run("downgrade","aaaa02"); run("current"); run("stamp","aaaa01"); run("upgrade","mmmm04-1"); run("upgrade","head-1")
sec("MULTI ROOT + depends_on: billing c1 -> c2 (depends aaaa02)"); write(MULTI)
run("heads"); run("heads","--resolve-dependencies"); run("history"); run("show","cccc02"); run("upgrade","billing@head", fresh=True); run("current"); run("upgrade","heads"); run("downgrade","billing@base"); run("upgrade","billing@head"); run("downgrade","aaaa01"); run("upgrade","billing@+1"); run("upgrade","billing@+1"); run("downgrade","billing@-1"); run("downgrade","base")
sec("BROKEN DAGs")
for lab, revs in (("missing parent", [("aaaa01","gone00",None,None,"x")]), ("duplicate label", [("aaaa01",None,("l",),None,"x"),("aaaa02","aaaa01",("l",),None,"y")]), ("cycle", [("aaaa01","aaaa02",None,None,"x"),("aaaa02","aaaa01",None,None,"y")]), ("self loop", [("aaaa01","aaaa01",None,None,"x")]), ("dep cycle", [("aaaa01",None,None,"aaaa02","x"),("aaaa02","aaaa01",None,None,"y")]), ("missing dep", [("aaaa01",None,None,"gone00","x")]), ("illegal id", [("aa-01",None,None,None,"x")])):
    print("--", lab); write(revs); run("heads"); run("upgrade","heads", fresh=True)
write(LINEAR); shutil.copy(E+"/versions/aaaa03_.py", E+"/versions/dup_.py"); print("-- duplicate revision id"); run("heads")
write(LINEAR); print("-- revision template"); run("revision","-m","Add Big, thing & more","--rev-id","dddd04","--branch-label","lab","--depends-on","aaaa02"); print(open([f"{E}/versions/{f}" for f in os.listdir(E+"/versions") if f.startswith("dddd04")][0]).read()); print(sorted(os.listdir(E+"/versions")))
PREFIX = [("aaaa01", None, None, None, "i"), ("bbbb02", "aaaa01", ("feature",), None, "f"), ("xyz", "bbbb02", None, None, "short")]
sec("PREFIX: aaaa01 -> bbbb02(feature) -> xyz"); write(PREFIX)
for a in ("b", "bb", "feat", "x", "xy", "q", "qqqqq"): run("show", a)
run("heads"); run("history"); run("upgrade","b", fresh=True); run("upgrade","feature"); run("downgrade","feature"); run("downgrade","xyz-1"); run("upgrade","xyz@head"); run("downgrade","base"); run("upgrade","feature@base"); run("upgrade","heads"); run("upgrade","base+2"); run("history","-r","b:"); run("history","-r","xyz"); run("history","-r","feature@base:xyz"); run("show","current"); run("downgrade","-0"); run("upgrade","+0"); run("stamp","+1"); run("stamp","-1"); run("downgrade","b")
SHADOW = LINEAR + [("dddd01", None, ("reports",), "aaaa03", "reports"), ("dddd02", "dddd01", None, None, "more reports")]
sec("SHADOW: reports d1 (depends aaaa03) -> d2"); write(SHADOW)
run("heads", fresh=True); run("heads","--resolve-dependencies"); run("history"); run("show","head"); run("upgrade","head"); run("upgrade","reports@+1"); run("current"); run("upgrade","reports@head"); run("current"); run("downgrade","aaaa02"); run("current"); run("upgrade","aaaa03"); run("upgrade","heads"); run("downgrade","reports@base"); run("current"); run("stamp","heads"); run("stamp","aaaa03"); run("stamp","base"); run("upgrade","dddd01"); run("downgrade","aaaa03"); run("history","-r","aaaa02:aaaa03"); run("history","-r","aaaa03:aaaa01"); run("history","-r","aaaa01:dddd02")
DIAMOND = [("aaaa01", None, None, None, "root"), ("bbbb01","aaaa01",("left",),None,"left"), ("cccc01","aaaa01",("right",),None,"right"), ("dddd01",("bbbb01","cccc01"),None,None,"join"), ("eeee01","dddd01",("l2",),None,"left again"), ("ffff01","dddd01",("r2",),None,"right again")]
sec("DIAMOND: a -> {b(left), c(right)} -> d -> {e(l2), f(r2)}"); write(DIAMOND)
run("heads", fresh=True); run("history"); run("branches"); run("upgrade","dddd01"); run("upgrade","l2@head"); run("upgrade","r2@+1"); run("current"); run("downgrade","l2@-1"); run("downgrade","left@base"); run("upgrade","left@+1"); run("upgrade","+1"); run("upgrade","right@head"); run("upgrade","left@head"); run("upgrade","heads"); run("downgrade","dddd01"); run("downgrade","bbbb01"); run("downgrade","cccc01"); run("upgrade","dddd01-1"); run("upgrade","eeee01-1"); run("downgrade","aaaa01"); run("stamp","eeee01","ffff01"); run("stamp","dddd01"); run("stamp","bbbb01"); run("stamp","cccc01"); run("stamp","right@head"); run("stamp","heads"); run("stamp","base"); run("upgrade","left@eeee01"); run("upgrade","ffff01+1"); run("upgrade","eeee"); run("history","-r","dddd01:l2@head"); run("history","-r","bbbb01:cccc01"); run("history","-r","l2@head:"); run("show","left@head"); run("show","l2@head")
TWO = [("aaaa01", None, ("one",), None, "one"), ("aaaa02","aaaa01",None,None,"one more"), ("bbbb01", None, ("two",), None, "two"), ("bbbb02","bbbb01",None,None,"two more")]
sec("TWO ROOTS: a1(one) -> a2, b1(two) -> b2"); write(TWO)
run("heads", fresh=True); run("branches"); run("upgrade","head"); run("upgrade","+1"); run("upgrade","one@+1"); run("upgrade","two@+2"); run("upgrade","+1"); run("current"); run("current","--check-heads"); run("upgrade","one@head"); run("current","--check-heads"); run("downgrade","aaaa01"); run("downgrade","two@bbbb01"); run("downgrade","two@base"); run("downgrade","one@-2"); run("downgrade","one@-1"); run("downgrade","base"); run("downgrade","one@-1"); run("upgrade","two@aaaa01"); run("upgrade","one@bbbb02"); run("upgrade","heads"); run("downgrade","one@base"); run("stamp","one@head"); run("stamp","two@base"); run("stamp","aaaa01","bbbb01"); run("history","-r","one@base:one@head"); run("history","-r","aaaa01:bbbb02")
