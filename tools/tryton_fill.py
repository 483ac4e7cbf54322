"""Fills a new Tryton: a company, a salesperson who may read and work opportunities, a customer, three opportunities."""
import os
import sys
from decimal import Decimal

from proteus import Model, config

config = config.set_trytond("crm", user="admin", config_file=sys.argv[1])

Currency, Party, Company = (Model.get(n) for n in ("currency.currency", "party.party", "company.company"))
euro = Currency(name="Euro", symbol="€", code="EUR", rounding=Decimal("0.01"))
euro.rates.new(rate=Decimal(1))
euro.save()
company_party = Party(name="Holm & Sohn")
company_party.save()
company = Company(party=company_party, currency=euro)
company.save()
config._context["company"] = company.id

Employee, User, Group = (Model.get(n) for n in ("company.employee", "res.user", "res.group"))
person = Party(name="Rika Brandt")
person.save()
employee = Employee(party=person, company=company)
employee.save()

admin = User.find([("login", "=", "admin")])[0]
admin.companies.append(Company(company.id))
admin.company = company
admin.save()
rep = User(name="Rika Brandt", login="rep", email="rika@holm.example", password=os.environ["TRYTON_PASSWORD"])
rep.groups.extend(Group.find([("name", "in", ["Sales", "Sale Opportunity", "Opportunity"])]))
rep.companies.append(Company(company.id))
rep.company = Company(company.id)
rep.employees.append(Employee(employee.id))
rep.employee = Employee(employee.id)
rep.save()
config._context = User.get_preferences(True, config.context)

customer = Party(name="Keller GmbH")
customer.addresses.new(street="Hafenweg 2", city="Kiel")
customer.save()
Opportunity = Model.get("sale.opportunity")
for text, amount in (("Boiler for the mill", "12500.00"), ("Service contract", "900.00"), ("Spare parts", "240.50")):
    o = Opportunity(company=company, party=customer, employee=employee, description=text, amount=Decimal(amount), currency=euro)
    o.save()
print("filled")
