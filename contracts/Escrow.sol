// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {Account, Earnings, IEscrow} from "./interfaces/IEscrow.sol";
import {Contributor, IModelHub} from "./interfaces/IModelHub.sol";
import {IOPG} from "./interfaces/IOPG.sol";
import {IOperators, Permit} from "./interfaces/IOperators.sol";
import {Burning} from "./libraries/Burning.sol";
import {PermitLib} from "./libraries/PermitLib.sol";
import {Matured, Pot, Pots} from "./libraries/Pots.sol";
import {GRAIN} from "./types/Grain.sol";
import {ReleaseId} from "./types/ReleaseId.sol";

/// @title Escrow
/// @notice Owns accounts and earnings inside the controller that inherits it; that controller alone spends. Owners
/// deposit and withdraw, anyone may push a claim to those it belongs to. Trusts OPG, `Operators` and `ModelHub`.
abstract contract Escrow is IEscrow, AccessManaged {
    using SafeERC20 for IOPG;
    using Pots for Pot;

    uint16 public constant MAX_PROTOCOL_FEE_BPS = 1000;
    uint256 internal constant BPS = 10_000;

    IOPG public immutable OPG_TOKEN;
    IOperators public immutable OPERATORS;
    IModelHub public immutable HUB;
    uint16 public immutable override protocolFeeBps;
    /// @dev Seconds; a copy of the immutable in `Operators`.
    uint256 internal immutable _window;

    address public override treasury;
    uint256 public override unburned;
    mapping(address owner => Account account) private _accounts;
    mapping(uint32 operatorId => mapping(ReleaseId release => Pot)) private _pots;
    mapping(uint32 operatorId => mapping(ReleaseId release => Matured)) private _matured;

    constructor(
        IOPG opg,
        IOperators operators,
        IModelHub hub,
        address authority,
        address treasury_,
        uint16 protocolFeeBps_
    ) AccessManaged(authority) {
        require(protocolFeeBps_ <= MAX_PROTOCOL_FEE_BPS, ProtocolFeeOutOfBounds(protocolFeeBps_));
        OPG_TOKEN = opg;
        OPERATORS = operators;
        HUB = hub;
        protocolFeeBps = protocolFeeBps_;
        _window = operators.disputeWindow();
        _setTreasury(treasury_);
    }

    /// @inheritdoc IEscrow
    function deposit(address account, uint256 amount) external override {
        _deposit(account, amount);
    }

    /// @inheritdoc IEscrow
    function depositWithPermit(address account, uint256 amount, Permit calldata permit) external override {
        PermitLib.tryPermit(OPG_TOKEN, amount, permit);
        _deposit(account, amount);
    }

    /// @inheritdoc IEscrow
    function withdraw(address to, uint256 amount) external override {
        require(to != address(0), RecipientZero());
        _debit(msg.sender, amount);
        emit Withdrawn(msg.sender, to, amount);
        OPG_TOKEN.safeTransfer(to, amount);
    }

    /// @inheritdoc IEscrow
    function claim(
        uint32 operatorId,
        ReleaseId release,
        Contributor[] calldata contributors
    ) external override returns (uint256 total) {
        Matured storage pending = _matured[operatorId][release];
        _pots[operatorId][release].roll(pending, OPERATORS, operatorId, OPERATORS.slashCountOf(operatorId), _window);
        Matured memory matured = pending;
        if (matured.total == 0) return 0;
        delete _matured[operatorId][release];

        total = uint256(matured.total) * GRAIN;
        uint256 royalty = uint256(matured.royalty) * GRAIN;
        uint256 protocolFee = _protocolPart(total);
        uint256 forfeited = _operatorPart(matured.forfeitedTotal, matured.forfeitedRoyalty);
        uint256 operatorShare = total - protocolFee - royalty - forfeited;

        _credit(treasury, protocolFee);
        _creditRoyalty(release, royalty, contributors);
        _credit(OPERATORS.ownerOf(operatorId), operatorShare);
        unburned += forfeited;
        emit EarningsClaimed(operatorId, release, total, protocolFee, royalty, operatorShare, forfeited);
    }

    /// @inheritdoc IEscrow
    function burnForfeited() external override returns (uint256 amount) {
        amount = unburned;
        unburned = 0;
        emit ForfeitedBurned(amount);
        Burning.burn(OPG_TOKEN, amount);
    }

    /// @inheritdoc IEscrow
    function setTreasury(address newTreasury) external override restricted {
        _setTreasury(newTreasury);
    }

    /// @inheritdoc IEscrow
    function accountOf(address account) external view override returns (Account memory) {
        return _accounts[account];
    }

    /// @inheritdoc IEscrow
    function balanceOf(address account) external view override returns (uint256) {
        return _accounts[account].balance;
    }

    /// @inheritdoc IEscrow
    function earningsOf(uint32 operatorId, ReleaseId release) external view override returns (Earnings memory) {
        (Pot memory pot, Matured memory matured) = Pots.preview(
            _pots[operatorId][release],
            _matured[operatorId][release],
            OPERATORS,
            operatorId,
            OPERATORS.slashCountOf(operatorId),
            _window
        );
        return
            Earnings({
                matured: uint256(matured.total) * GRAIN,
                unripe: (uint256(pot.currentTotal) + pot.previousTotal) * GRAIN,
                forfeited: uint256(matured.forfeitedTotal) * GRAIN
            });
    }

    function _debit(address owner, uint256 amount) internal {
        Account storage account = _accounts[owner];
        uint256 word;
        // As one word, which the compiler would read once more to change a part of it. The balance is its low 128 bits,
        // and no less than what is taken from it.
        assembly ("memory-safe") {
            word := sload(account.slot)
        }
        if (uint128(word) < amount) revert BalanceTooLow(owner, uint128(word), amount);
        assembly ("memory-safe") {
            sstore(account.slot, sub(word, amount))
        }
    }

    /// @dev Amounts are bounded by the supply of OPG, which 128 bits hold.
    function _credit(address owner, uint256 amount) internal {
        if (amount != 0) _accounts[owner].balance += uint128(amount);
    }

    /// @dev Holds `amount` of the owner for an obligation; at most `maximum` at once.
    /// @return held false when the owner has `maximum` obligations already
    function _reserve(address owner, uint256 amount, uint256 maximum) internal returns (bool held) {
        Account memory account = _accounts[owner];
        if (account.reservations >= maximum) return false;
        require(account.balance >= amount, BalanceTooLow(owner, account.balance, amount));
        account.balance -= uint128(amount);
        account.reserved += uint96(amount);
        account.reservations += 1;
        _accounts[owner] = account;
        return true;
    }

    /// @dev Ends an obligation that was met.
    function _release(address owner, uint256 amount) internal {
        Account memory account = _accounts[owner];
        account.balance += uint128(amount);
        account.reserved -= uint96(amount);
        account.reservations -= 1;
        _accounts[owner] = account;
    }

    /// @dev Ends an obligation that was not met; what was held will be burned.
    function _forfeit(address owner, uint256 amount) internal {
        Account memory account = _accounts[owner];
        account.reserved -= uint96(amount);
        account.reservations -= 1;
        _accounts[owner] = account;
        unburned += amount;
    }

    /// @dev Books a payment that has left its payer's balance, grains. `royalty` is part of `total`.
    function _accrue(uint32 operatorId, uint16 slashCount, ReleaseId release, uint256 total, uint256 royalty) internal {
        Pot storage pot = _pots[operatorId][release];
        if (!pot.tryAdd(slashCount, _window, total, royalty)) {
            pot.roll(_matured[operatorId][release], OPERATORS, operatorId, slashCount, _window);
            pot.tryAdd(slashCount, _window, total, royalty);
        }
    }

    /// @dev Exact: amounts are whole grains, and a grain divides by 10,000.
    function _protocolPart(uint256 amount) internal view returns (uint256) {
        return (amount * protocolFeeBps) / BPS;
    }

    function _operatorPart(uint256 totalGrains, uint256 royaltyGrains) private view returns (uint256) {
        uint256 total = totalGrains * GRAIN;
        return total - _protocolPart(total) - royaltyGrains * GRAIN;
    }

    /// @dev Contributors in published order, the remainder to the publisher.
    function _creditRoyalty(ReleaseId release, uint256 royalty, Contributor[] calldata contributors) private {
        bytes32 expected = HUB.recordOf(release).contributorsHash;
        bytes32 actual = contributors.length == 0 ? bytes32(0) : keccak256(abi.encode(contributors));
        require(actual == expected, IModelHub.ContributorsMismatch(release));
        if (royalty == 0) return;
        address publisher = HUB.royaltyRecipientOf(release);
        uint256 rest = royalty;
        for (uint256 i; i < contributors.length; ++i) {
            uint256 share = (royalty * contributors[i].bps) / BPS;
            rest -= share;
            _credit(contributors[i].account, share);
            emit RoyaltyCredited(release, contributors[i].account, share);
        }
        _credit(publisher, rest);
        emit RoyaltyCredited(release, publisher, rest);
    }

    function _deposit(address account, uint256 amount) private {
        require(account != address(0), RecipientZero());
        require(amount != 0, DepositZero());
        _credit(account, amount);
        emit Deposited(account, msg.sender, amount);
        OPG_TOKEN.safeTransferFrom(msg.sender, address(this), amount);
    }

    function _setTreasury(address newTreasury) private {
        require(newTreasury != address(0) && newTreasury != treasury, TreasuryInvalid(newTreasury));
        emit TreasurySet(treasury, newTreasury);
        treasury = newTreasury;
    }
}
